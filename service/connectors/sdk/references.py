"""Records that are named by the caller: checked before they come near a vendor's URL or body."""

import re
from typing import Final

from msgspec import UNSET, Struct

from service.connectors.sdk.faults import FieldFault, Invalid, NotFound, Refused
from service.ids import Book, MalformedIdError, parse_record_id

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")


def path_segment(remote_id: str) -> str:
    """The id as one segment of a path. Raises NotFound for what no vendor id looks like, such as `..` or `1/pdf`."""
    if _SEGMENT.fullmatch(remote_id) is None:
        raise NotFound("no record has such an id")
    return remote_id


def at_account(base_url: str, account: str) -> str:
    """A base URL with the account put into its host, where the vendor gives each account a host of its own.

    Raises Refused for what is not one label of a host name: nothing that anybody typed leads to another host.
    """
    if "{account}" not in base_url:
        return base_url
    if _LABEL.fullmatch(account) is None:
        raise Refused("no account has such a name")
    return base_url.replace("{account}", account)


def remote_id_of(text: str, prefix: str, book: Book, pointer: str) -> str:
    """The vendor's id in a unified id given as a reference. Raises Invalid at `pointer` when it is of another kind,
    connection or account."""
    try:
        remote_id = parse_record_id(prefix, text).remote_id
    except MalformedIdError:
        remote_id = ""
    if not remote_id or book.ref(prefix, remote_id) != text:
        raise invalid(pointer, "unknown_reference", f"Expected a `{prefix}…` id of the same connection and account.")
    return remote_id


def invalid(pointer: str, code: str, message: str) -> Invalid:
    """A value that we know the vendor cannot take, refused before it is sent."""
    return Invalid(message, code=code, fields=(FieldFault(pointer, code, message),))


def refuse(new: Struct, names: tuple[str, ...], vendor: str, at: str = "") -> None:
    """Raises Invalid at the first of the fields `names` that is given: the vendor has no place for it."""
    for name in names:
        if getattr(new, name) is not UNSET:
            raise invalid(f"{at}/{name}", "unsupported", f"{vendor} has no place for it.")


def accept(new: Struct, names: tuple[str, ...], vendor: str, at: str = "") -> None:
    """Raises Invalid at the first field that is given and not among `names`: the vendor has no place for it.

    What the unified record learns to carry is so refused everywhere until a vendor says that it takes it.
    """
    refuse(new, tuple(name for name in new.__struct_fields__ if name not in names), vendor, at)
