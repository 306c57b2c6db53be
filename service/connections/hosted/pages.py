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
from service.connections.vendors import Door
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.either import key_of, oauth_of
from service.connectors.sdk.faults import Refused
from service.connectors.sdk.keys import KEY, ApiKey

Way = Literal["oauth", "key", "login"]
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
    ways: tuple[Way, ...] = ()
    """How we can be let in; of two the person chooses."""
    inputs: tuple[Input, ...] = ()
    """What is typed for a key connection, the key first."""
    lapse: str = ""
    """How long the vendor accepts a key, where it ends by itself."""
    names_account: bool = True
    """False: the vendor does not say whose records we are let in to, so that the person has to look."""
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
    page, key = oauth_of(door.connector.auth), key_of(door.connector.auth)
    goes_to = None if page is None else _leads_to(page, door, linking)
    # Where nobody has registered us for the consent page and a key does as well, the key alone is shown.
    ways: tuple[Way, ...] = (
        *(("oauth",) if page is not None and (goes_to or key is None) else ()),
        *(("key",) if key is not None else ()),
    )
    return Contents(
        vendor=name,
        ways=ways or ("login",),
        names_account=door.connector.stand_in is None,
        goes_to=goes_to or "",
        inputs=() if key is None else _inputs(key, name),
        lapse="" if key is None or key.lasts is None else f"{key.lasts.days} days",
        minutes_left=left,
    )


def _leads_to(page: OAuth2, door: Door, linking: Linking) -> str | None:
    """The origin of the vendor's consent page; None where nobody has said where it is, or who we are there."""
    try:
        leads = urlsplit(oauth.depart(page, door, linking.redirect_uri).url)
    except Refused:
        return None
    return f"{leads.scheme}://{leads.netloc}"


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
