"""What never comes in as text: card numbers and control characters anywhere, government ids outside their fields.

What is refused is not stored, not sent on, and not said again in the refusal. A number counts as a card's when it has
an issuer's beginning, the length of that issuer, the check digit (Luhn) and a card's grouping; a random number of 16
digits does so about twice in a hundred times. Taken for what they are: numbers within words and hex (`INV4…`, UUIDs),
amounts with decimals, telephone numbers in `+` notation, and whole values of fields named as ids.

A government id is one by its form (SSN and ITIN with hyphens, NINO) or by the word before it (`EIN: 12-3456789`).
It is refused because nobody could mask it any more where it is shown again.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, cast

import msgspec

from service.errors import VALIDATION_FAILED, ApiProblem, FieldError
from service.telemetry.redaction import passes_luhn

_MAYBE: Final = re.compile(
    rb"\d(?:[ -]?\d){8}|[A-Za-z]{2} ?(?:\d\d ?){3}[A-Da-d]|\\u[0-9a-fA-F]{4}|\\[bf]|[^\x00-\x7f]"
)
"""Cheap: without any of these there is nothing to look for. Digits of other scripts and escapes are looked at."""
_CARD: Final = re.compile(
    r"(?<![\w.+])(?:(\d{4}([ -])\d{4}\2\d{4}\2\d{4})(?:\2\d{3})?|(\d{4}([ -])\d{6}\4\d{4,5})|(\d{14,19}))(?![\w-]|\.\d)"
)
_ISSUERS: Final = re.compile(
    r"4(?:\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d+(?<=^\d{16})"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]|65|62|81|35(?:2[89]|[3-8]\d))\d+(?<=^\d{16})"  # Discover, UnionPay, JCB
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d+(?<=^\d{16})"  # Maestro
)
_GOVERNMENT: Final = re.compile(
    r"(?<![\w-])(?!000|666)(?:[0-8]\d\d-(?!00)\d\d-(?!0000)\d{4}"  # SSN
    r"|9\d\d-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4})(?![\w-])"  # ITIN
    r"|\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]\b"  # NINO
    r"|(?i:\b(?:ssn|itin|f?ein|tin|social[ _]security(?:[ _](?:number|no))?|tax(?:payer)?[ _]?id(?:entifier)?|utr)\b)"
    r"[^\w\n]{1,12}(?:is |no[. ]+|number )?(?:\d{3}[ -]\d\d[ -]\d{4}|\d\d-\d{7}|\d{9,10})(?![\w-])"
)
_ID_NAME: Final = re.compile(r"(?:^|[_-])ids?$|I[dD]s?$|^value$")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Neither PostgreSQL nor XML, which some vendors speak, can hold them."""
_PLAIN_NUMBER: Final = re.compile(r"\d+", re.ASCII)


def refuse_numbers(body: bytes, keepers: frozenset[str] = frozenset()) -> None:
    """Raises a 422 problem that points at what must not be there. In fields named in `keepers` government ids may be.

    A body that is no JSON is left to whoever decodes it.
    """
    if _MAYBE.search(body) is None:
        return
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for pointer, name, text in _texts(value):
        if _CONTROL.search(text) is not None:
            raise _refused(pointer, "control_character", "Text may have line breaks and tabs, and no other controls.")
        _refuse(pointer, name, text, keepers)


def refuse_numbers_in(text: str, pointer: str) -> None:
    """The same for one text that stands elsewhere, such as in a query."""
    _refuse(pointer, "", text, frozenset())


def field_with_number(form: Iterable[tuple[str, str]], unseen: frozenset[str] = frozenset()) -> str | None:
    """The first field of a form that has what never comes in; those in `unseen` are passwords and the like."""
    return next((name for name, text in form if name not in unseen and has_number(name, text)), None)


def has_number(name: str, text: str) -> bool:
    """Whether a field's text holds what never comes in: it may come out of a vendor, and is then shown to nobody."""
    return _has_card(text) or _GOVERNMENT.search(f"{name}: {text}") is not None


def is_card_number(digits: str) -> bool:
    """Whether some issuer's card could have this number."""
    return _ISSUERS.fullmatch(digits) is not None and passes_luhn(digits)


def _refuse(pointer: str, name: str, text: str, keepers: frozenset[str]) -> None:
    if _has_card(text) and not (_ID_NAME.search(name) and _PLAIN_NUMBER.fullmatch(text)):
        raise _refused(
            pointer,
            "card_number",
            "A card number is never taken. If it is another number, put letters before it or use a field for ids.",
        )
    if name not in keepers and _GOVERNMENT.search(f"{name}: {text}") is not None:
        raise _refused(
            pointer, "government_id", "A government id is not taken as text, for nobody could mask it where it shows."
        )


def _has_card(text: str) -> bool:
    for found in _CARD.finditer(text):
        for candidate in (found[0], found[1]):
            if candidate is not None and is_card_number(_digits(candidate)):
                return True
    return False


def _digits(text: str) -> str:
    """In ASCII, whatever script they were written in."""
    return "".join(str(int(one)) for one in text if one.isdecimal())


def _texts(value: object) -> Iterator[tuple[str, str, str]]:
    """Pointer, name of the nearest field, and text of everything in a JSON value, names of fields among them."""
    waiting: list[tuple[str, str, object]] = [("", "", value)]
    while waiting:
        pointer, name, one = waiting.pop()
        match one:
            case str():
                yield pointer, name, one
            case int() if not isinstance(one, bool):
                yield pointer, name, str(one)
            case dict():
                for key, inner in cast(dict[str, object], one).items():
                    yield f"{pointer}/*", "", key
                    waiting.append((f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", key, inner))
            case list():
                for place, inner in enumerate(cast(list[object], one)):
                    waiting.append((f"{pointer}/{place}", name, inner))
            case _:
                pass


def _refused(pointer: str, code: str, message: str) -> ApiProblem:
    where = pointer or "/"
    return ApiProblem(VALIDATION_FAILED, f"`{where}`: {message}", errors=(FieldError(where, code, message),))
