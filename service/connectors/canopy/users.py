"""The firm's people at Canopy, how they sign in and on what; and the session behind the connection."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.wire import DOC
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.codec import Instant, json_reader, utc
from service.connectors.sdk.flow import Flow, Request
from service.ids import Book
from service.resources.common import Email, Meta
from service.resources.user import Device, MfaLevel, Session, User


class WireDevice(Struct, frozen=True, gc=False):
    device_id: str
    platform: str | None = None
    last_seen: Instant | None = None


class WireUser(Struct, frozen=True, gc=False):
    user_id: str
    name: str
    devices: list[WireDevice]
    email: str | None = None
    role: str | None = None
    mfa_level: str | None = None


class WireSession(Struct, frozen=True, gc=False):
    user_id: str
    mfa_level: str
    devices: list[WireDevice]


UNSUPPORTED: Final = ("given_name", "family_name", "teams", "status", "status_native", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_LEVELS: Final = {
    "none": MfaLevel.NONE,
    "otp": MfaLevel.OTP,
    "phishing_resistant": MfaLevel.PHISHING_RESISTANT,
}


def to_user(wire: WireUser, book: Book) -> User:
    level = wire.mfa_level
    return User(
        id=book.ref("usr_", wire.user_id),
        remote_id=wire.user_id,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        emails=[] if not wire.email else [Email(wire.email)],
        role=wire.role,
        mfa_level=None if level is None else _LEVELS.get(level, MfaLevel.OTHER),
        mfa_level_native=level,
        devices=[_device(device) for device in wire.devices],
        meta=_META,
    )


def _device(wire: WireDevice) -> Device:
    seen = wire.last_seen
    return Device(id=wire.device_id, platform=wire.platform, last_seen_at=None if seen is None else utc(seen))


_read_session: Final = json_reader(WireSession)
_USERS: Final = Entity("users", WireUser, to_user)


def session(book: Book) -> Flow[Session]:
    """How the person behind the connection is signed in."""
    wire = _read_session((yield Request(method="GET", path="/me/sessions", lane="read")))
    return Session(
        user=book.ref("usr_", wire.user_id),
        mfa_level=_LEVELS.get(wire.mfa_level, MfaLevel.OTHER),
        mfa_level_native=wire.mfa_level,
        devices=[_device(device) for device in wire.devices],
    )


BINDING: Final = Binding[User, Any, Any](
    doc=DOC,
    wire=_USERS.place,
    unsupported=UNSUPPORTED,
    page=_USERS.page,
    get=_USERS.get,
    notes="A level of sign-in that is not known is `other`, kept in `mfa_level_native`. People are invited and removed "
    "in Canopy: it has no scope to write them.",
)
