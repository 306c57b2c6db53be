"""What we send to Stripe against the library's own description of it: required fields, names, types, choices."""

import re
import types
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, cast, get_args, get_origin, get_type_hints

import stripe.params as params
import stripe.params.checkout as checkout_params
from stripe import RequestOptions, StripeObject

_KEY = re.compile(r"[^\[\]]+")
_UNIMPORTED = {"StripeContext": str, "Mapping": Mapping}
"""What the library imports for type checkers alone."""
_OPTIONS = frozenset(RequestOptions.__annotations__)

SHAPES: dict[tuple[str, str], type] = {
    ("POST", "/v1/customers"): params.CustomerCreateParams,
    ("POST", "/v1/customers/{id}"): params.CustomerUpdateParams,
    ("GET", "/v1/customers/{id}/payment_methods"): params.CustomerPaymentMethodListParams,
    ("POST", "/v1/checkout/sessions"): checkout_params.SessionCreateParams,
    ("POST", "/v1/invoices"): params.InvoiceCreateParams,
    ("GET", "/v1/invoices"): params.InvoiceListParams,
    ("GET", "/v1/invoices/{id}"): params.InvoiceRetrieveParams,
    ("POST", "/v1/invoices/{id}/finalize"): params.InvoiceFinalizeInvoiceParams,
    ("POST", "/v1/invoices/{id}/pay"): params.InvoicePayParams,
    ("POST", "/v1/invoices/{id}/send"): params.InvoiceSendInvoiceParams,
    ("POST", "/v1/invoiceitems"): params.InvoiceItemCreateParams,
    ("GET", "/v1/invoiceitems"): params.InvoiceItemListParams,
    ("POST", "/v1/credit_notes"): params.CreditNoteCreateParams,
    ("GET", "/v1/credit_notes"): params.CreditNoteListParams,
}


def decode_form(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` → {"a": {"b": {"0": "c"}}}."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        *outer, last = _KEY.findall(name)
        place = found
        for key in outer:
            place = place.setdefault(key, {})
        place[last] = value
    return found


def complaints(shape: type, sent: dict[str, Any], at: str = "") -> list[str]:
    """What is wrong with a form, by field; empty when Stripe's description allows it."""
    hints = _hints(shape)
    required: frozenset[str] = cast("frozenset[str]", getattr(shape, "__required_keys__")) - _OPTIONS  # noqa: B009
    wrong = [f"{at}{name} is missing" for name in sorted(required - sent.keys())]
    for name, value in sent.items():
        if name not in hints or name in _OPTIONS:
            wrong.append(f"{at}{name} is not known")
        else:
            wrong += _mismatches(hints[name], value, f"{at}{name}")
    return wrong


@cache
def _hints(shape: type) -> dict[str, Any]:
    return {
        name: get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint
        for name, hint in get_type_hints(shape, localns=_UNIMPORTED, include_extras=True).items()
    }


def _mismatches(hint: Any, given: object, at: str) -> list[str]:
    value = cast("dict[str, Any] | str", given)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        # The library says `Literal[…]|str` for choices that may grow: we use those it knows. One of '' alone is none.
        choices = any(get_origin(one) is Literal and set(get_args(one)) != {""} for one in inner)
        tried = [one for one in inner if one is not str or not choices]
        found = [_mismatches(one, value, at) for one in tried]
        return [] if [] in found else found[0]
    if origin is Literal:
        return [] if value in inner else [f"{at}: {value!r} is none of {inner}"]
    if hasattr(hint, "__required_keys__"):  # a TypedDict of typing or of typing_extensions
        return complaints(hint, value, f"{at}.") if isinstance(value, dict) else [f"{at} is no object"]
    if origin is list:
        if not isinstance(value, dict) or list(value) != [str(place) for place in range(len(value))]:
            return [f"{at} is no list"]
        return [wrong for one in value.values() for wrong in _mismatches(inner[0], one, at)]
    if origin is dict:
        fits = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
        return [] if fits else [f"{at} is no map"]
    if isinstance(origin, type) and issubclass(origin, StripeObject):
        return [f"{at} is no object of the library's"]
    return [] if isinstance(value, str) and _reads_as(hint, value) else [f"{at}: {value!r} is no {hint}"]


def _reads_as(hint: Any, value: str) -> bool:
    patterns = {int: r"-?\d+", bool: "true|false", float: r"-?\d+(\.\d+)?", Decimal: r"-?\d+(\.\d+)?", str: "(?s).*"}
    return hint in patterns and re.fullmatch(patterns[hint], value) is not None
