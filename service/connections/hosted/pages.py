"""What the pages show, worked out before a template sees it."""

from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from service.connections import oauth
from service.connections.hosted.journey import Journey
from service.connections.hosted.statement import ends_at, ordinary, taxed, words_for
from service.connections.hosted.store import LinkSession, Step
from service.connections.linking import Linking
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import Refused
from service.connectors.sdk.keys import KEY, ApiKey

SECRETS: Final = frozenset({KEY, "password", "seed"})
"""Fields that are never shown again."""
_ANY_KEY: Final = "Make one in {} under your account, for this use alone."
_KEPT: Final = " We try it at once, and keep it sealed."


class System(Struct, frozen=True):
    """A vendor to choose."""

    slug: str
    name: str


class Input(Struct, frozen=True):
    """One thing to type for a key connection."""

    name: str
    label: str
    hint: str
    secret: bool


class Contents(Struct, frozen=True, kw_only=True):
    """The facts of one page."""

    systems: tuple[System, ...] = ()
    items: tuple[str, ...] = ()
    """What is asked for and the firm can consent to alone, in a reader's words."""
    taxed: tuple[str, ...] = ()
    """What needs the clients' consents."""
    until: str = ""
    ends_on: str = ""
    vendor: str = ""
    way: Literal["oauth", "key", "login", ""] = ""
    inputs: tuple[Input, ...] = ()
    """What is typed for a key connection, the key first."""
    lapse: str = ""
    """How long the vendor accepts a key, where it ends by itself."""
    accounts: tuple[FoundAccount, ...] = ()
    goes_to: str = ""
    """The vendor's origin, where a form may lead."""
    minutes_left: int = 0


async def contents(linking: Linking, journey: Journey, session: LinkSession) -> Contents:
    """What the next page shows."""
    left = max(1, round((session.expires_at - linking.clock()).total_seconds() / 60))
    ends = ends_at(session, linking.clock())
    if session.step is Step.SIGN:
        doors = [await journey.door(session, slug) for slug in session.vendors]
        asked = dict.fromkeys(item for door in doors for item in journey.items_of(session, door))
        return Contents(
            systems=tuple(System(door.connector.slug, door.connector.name) for door in doors),
            items=tuple(words_for(item) for item in ordinary(list(asked))),
            taxed=tuple(words_for(item) for item in taxed(list(asked))),
            until=in_words(ends),
            ends_on=ends.date().isoformat(),
            minutes_left=left,
        )
    door = await journey.door(session)
    name = door.connector.name
    if session.step is Step.CHOOSE:
        held = await journey.accounts(session)
        return Contents(vendor=name, accounts=held.accounts, minutes_left=left)
    match door.connector.auth:
        case OAuth2() as auth:
            try:
                leads = urlsplit(oauth.depart(auth, door, linking.redirect_uri).url)
            except Refused:
                return Contents(vendor=name, way="oauth", minutes_left=left)
            return Contents(vendor=name, way="oauth", goes_to=f"{leads.scheme}://{leads.netloc}", minutes_left=left)
        case ApiKey() as auth:
            lapse = "" if auth.lasts is None else f"{auth.lasts.days} days"
            return Contents(vendor=name, way="key", inputs=_inputs(auth, name), lapse=lapse, minutes_left=left)
        case _:
            return Contents(vendor=name, way="login", minutes_left=left)


def _inputs(auth: ApiKey, vendor: str) -> tuple[Input, ...]:
    key = Input(KEY, auth.label, (auth.hint or _ANY_KEY.format(vendor)) + _KEPT, True)
    return (key, *(Input(field.name, field.label, field.hint, field.secret) for field in auth.fields))


def in_words(at: datetime) -> str:
    """The day, as people write it."""
    return at.strftime("%-d %B %Y")


def readable_on(colour: str) -> str:
    """Black or white, whichever is the more legible on a colour (WCAG 2.2, relative luminance)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#fff"
