"""The firm's people, how they sign in and on what; and how the login behind the connection is signed in."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant
from service.ids import Book
from service.resources.common import Email, Meta
from service.resources.user import Device, MfaLevel, Session, User, UserStatus


class WireDevice(Struct, frozen=True, gc=False):
    id: str
    platform: str | None = None
    last_seen_at: Instant | None = None


class WireUser(Struct, frozen=True, gc=False):
    id: str
    name: str
    email: str | None = None
    role: str | None = None
    status: str | None = None
    mfa: str | None = None
    devices: list[WireDevice] = []


class WireMe(Struct, frozen=True, gc=False):
    id: str
    mfa: str
    devices: list[WireDevice] = []


UNSUPPORTED: Final = (
    "given_name",
    "family_name",
    "teams",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "active": UserStatus.ACTIVE,
    "pending": UserStatus.INVITED,
    "invited": UserStatus.INVITED,
    "deactivated": UserStatus.INACTIVE,
    "inactive": UserStatus.INACTIVE,
}
_LEVELS: Final = {"none": MfaLevel.NONE, "totp": MfaLevel.OTP}
"""A face or a finger opens the app on a telephone; what that proves to TaxDome is not known, so it is `other`."""


def to_user(wire: WireUser, book: Book) -> User:
    level, status = wire.mfa, wire.status
    return User(
        id=book.ref("usr_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        emails=[Email(wire.email)] if wire.email else [],
        role=wire.role,
        status=_STATUSES.get(status or "", UserStatus.OTHER),
        status_native=status,
        mfa_level=None if level is None else _LEVELS.get(level, MfaLevel.OTHER),
        mfa_level_native=level,
        devices=[_device(device) for device in wire.devices],
        meta=_META,
    )


def _device(wire: WireDevice) -> Device:
    return Device(id=wire.id, platform=wire.platform, last_seen_at=instant(wire.last_seen_at))


_read_me = json_reader(WireMe)


def session(book: Book) -> Flow[Session]:
    """How the login behind the connection is signed in. At a client's login `user` stands for the client's contact."""
    wire = _read_me((yield from calls.ask(calls.read_one("/me", book), book)))
    return Session(
        user=book.ref("usr_", wire.id),
        mfa_level=_LEVELS.get(wire.mfa, MfaLevel.OTHER),
        mfa_level_native=wire.mfa,
        devices=[_device(device) for device in wire.devices],
    )


BINDING: Final = Binding[User, Any, Any](
    doc=DOC,
    wire=Wire(WireUser, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/users", json_reader(calls.Paged[WireUser]), to_user),
    get=calls.gets("/users", json_reader(WireUser), to_user),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The list belongs to the login, not to one account; a client's login is refused it. A sign-in "
    f"that is confirmed by a face or a finger is of level `other`. {PAGES_MOVE}",
)
