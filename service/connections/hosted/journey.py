"""The steps of a connect page: sign → connect → choose → finished.

Each step is one transaction that moves the session on or finds it moved on already, so a page can be left and taken up
again, reloaded or sent twice. Refusals are sentences for the person who reads the page.
"""

import secrets
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Final

from msgspec import Struct

from service.connections import oauth
from service.connections.credentials import Credentials
from service.connections.errors import ConnectRefusedError
from service.connections.hosted import store
from service.connections.hosted.acts import CANCEL, SIGN, note, note_try, outcome_of
from service.connections.hosted.found import find_accounts
from service.connections.hosted.given import read_given
from service.connections.hosted.held import Held, seal, unseal
from service.connections.hosted.settle import settle
from service.connections.hosted.statement import ordinary, statement_of
from service.connections.hosted.store import LinkSession, Step
from service.connections.linking import Linking
from service.connections.oauth import NotGivenError, digest
from service.connections.refresh import renewed_by
from service.connections.store import get_connection
from service.connections.vendors import Door
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.either import key_of, oauth_of
from service.connectors.sdk.faults import ConnectionRefused, CredentialsExpired, RateLimited, Refused, VendorFault
from service.db.pool import as_organization

MOST_TRIES: Final = 3
"""Tries with a key or a password: vendors lock a login after five."""


class Signing(Struct, frozen=True, kw_only=True):
    """What the person says on the first step."""

    vendor: str
    name: str
    email: str
    authorized: bool
    clients_consented: bool


class Journey:
    """Takes steps. One for each process."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def sign(self, session: LinkSession, said: Signing) -> None:
        """The consent, kept with the session until the connection is there. Raises ConnectRefusedError."""
        self._require(session, Step.SIGN, Step.CONNECT)
        door = await self.door(session, said.vendor)
        if said.vendor not in session.vendors:
            raise ConnectRefusedError("Choose one of the systems shown.")
        name, email = said.name.strip(), said.email.strip()
        if not 2 <= len(name) <= 200 or not name.isprintable():
            raise ConnectRefusedError("Type your full name as your signature.")
        if not 3 <= len(email) <= 320 or email.count("@") != 1 or not email.isprintable() or " " in email:
            raise ConnectRefusedError("Type your e-mail address at the firm.")
        if not said.authorized:
            raise ConnectRefusedError("Tick the box that says you may consent for the firm.")
        at = self._linking.clock()
        items = self.items_of(session, door)
        if not said.clients_consented:
            items = tuple(ordinary(items))
        if not items:
            raise ConnectRefusedError(
                "Everything asked for is tax-return information: it needs your clients' written consents."
            )
        words = statement_of(session, door.connector.name, items, name, email, at, clients=said.clients_consented)
        async with as_organization(self._linking.pool, session.org_id) as connection:
            moved = await store.mark_signed(
                connection,
                session,
                vendor=said.vendor,
                name=name,
                email=email,
                clients_consented=said.clients_consented,
                at=at,
                statement=words,
                items=items,
            )
            if moved:
                await note(connection, session, SIGN)
        _moved(moved)

    async def depart(self, session: LinkSession) -> tuple[str, str]:
        """Where the person goes to consent at the vendor, and the word that their browser has to bring back."""
        self._require(session, Step.CONNECT)
        door = await self.door(session)
        try:
            leaving = oauth.depart(_oauth(door), door, self._linking.redirect_uri)
        except Refused:
            raise ConnectRefusedError(f"{door.connector.name} cannot be connected here yet: tell us.") from None
        browser = oauth.new_secret()
        async with as_organization(self._linking.pool, session.org_id) as connection:
            sealed = await seal(connection, self._linking.vault, session, Held(verifier=leaving.verifier))
            _moved(await store.mark_departed(connection, session, digest(leaving.state), digest(browser), *sealed))
        return leaving.url, browser

    async def arrive(self, session: LinkSession, callback_url: str, state: str, browser: str) -> None:
        """Back from the vendor. The state works once, and only in the browser it was given to."""
        self._require(session, Step.CONNECT)
        door = await self.door(session)
        if session.browser_hash is None or not compare_digest(session.browser_hash, digest(browser)):
            async with as_organization(self._linking.pool, session.org_id) as connection:
                await note_try(connection, session, "other_browser")
            raise ConnectRefusedError(
                "You came back in another browser than you left with. Open the link again and start over."
            )
        async with as_organization(self._linking.pool, session.org_id) as connection:
            _moved(await store.mark_returned(connection, session, digest(state)))
            held = await unseal(connection, self._linking.vault, session)
        try:
            told = oauth.arrive(callback_url, state)
        except NotGivenError:
            await self._say(
                session, f"{door.connector.name} did not give access. Try again, and choose to allow it.", "not_given"
            )
            return
        auth, at = _oauth(door), self._linking.clock()
        flow = oauth.redeem(auth, door.setup.app, told["code"], self._linking.redirect_uri, held.verifier)
        try:
            reply = await self._linking.vendors.exchange(flow, door, door.token_url)
            await self._let_in(session, door, renewed_by(reply, _NOTHING, at), told)
        except VendorFault as fault:
            await self._say(session, _sentence(door, fault), outcome_of(fault))

    async def with_key(self, session: LinkSession, typed: Mapping[str, str], ends_on: str) -> None:
        """An API key that the firm has made for us, and what goes with it: tried at the vendor before it is kept."""
        self._require(session, Step.CONNECT)
        door = await self.door(session)
        auth = key_of(door.connector.auth)
        if auth is None:
            raise ConnectRefusedError("This system is not connected with a key.")
        given = read_given(auth, typed, ends_on, self._linking.clock())
        await self._count_try(session)
        try:
            there = door if given.account is None else door.at(given.account)
            await self._let_in(session, there, given.credentials, given.told)
        except VendorFault as fault:
            await self._say(session, _sentence(door, fault), outcome_of(fault))

    async def with_login(self, session: LinkSession, email: str, password: str, seed: str) -> None:
        """A login with password and, where it has one, the seed of its one-time codes."""
        self._require(session, Step.CONNECT)
        door = await self.door(session)
        if oauth_of(door.connector.auth) or key_of(door.connector.auth):
            raise ConnectRefusedError("This system is not connected with a password.")
        if not email.strip() or not password or max(len(email), len(password), len(seed)) > 1000:
            raise ConnectRefusedError("Type the e-mail address and the password of the login.")
        extra = {"email": email.strip(), "password": password, "device_id": f"tickmark-{secrets.token_hex(8)}"}
        if seed.strip():
            extra["totp_secret"] = seed.strip()
        await self._count_try(session)
        asked = Credentials(access_token="", extra=extra)
        try:
            reply = await self._linking.vendors.let_in(door, asked)
            await self._let_in(session, door, renewed_by(reply, asked, self._linking.clock()), {})
        except VendorFault as fault:
            await self._say(session, _sentence(door, fault), outcome_of(fault))

    async def choose(self, session: LinkSession, remote_ids: Sequence[str]) -> LinkSession:
        """The accounts that the connection is for. Raises ConnectRefusedError."""
        self._require(session, Step.CHOOSE)
        async with as_organization(self._linking.pool, session.org_id) as connection:
            held = await unseal(connection, self._linking.vault, session)
        chosen = tuple(account for account in held.accounts if account.remote_id in set(remote_ids))
        if not chosen or len(chosen) != len(set(remote_ids)):
            raise ConnectRefusedError("Choose at least one of the accounts shown.")
        try:
            await settle(self._linking, session, held, chosen)
        except ConnectRefusedError:
            async with as_organization(self._linking.pool, session.org_id) as connection:
                await note_try(connection, session, "not_the_same")
            raise
        return await self.again(session)

    async def cancel(self, session: LinkSession) -> None:
        """The person does not want to: nothing is kept but that they said so."""
        self._require(session, Step.SIGN, Step.CONNECT, Step.CHOOSE)
        async with as_organization(self._linking.pool, session.org_id) as connection:
            if await store.mark_closed(connection, session, "You chose not to connect. Nothing was kept."):
                await note(connection, session, CANCEL)

    async def accounts(self, session: LinkSession) -> Held:
        """What the third step shows."""
        async with as_organization(self._linking.pool, session.org_id) as connection:
            return await unseal(connection, self._linking.vault, session)

    async def again(self, session: LinkSession) -> LinkSession:
        """The session as it stands now."""
        async with as_organization(self._linking.pool, session.org_id) as connection:
            found = await store.get_session(connection, session.org_id, session.id)
        assert found is not None
        return found

    async def door(self, session: LinkSession, vendor: str | None = None) -> Door:
        """The vendor of the session. Raises ConnectRefusedError."""
        base_url = None
        if session.relinks is not None:
            async with as_organization(self._linking.pool, session.org_id) as connection:
                known = await get_connection(connection, session.org_id, session.relinks)
            base_url = None if known is None else known.base_url
        slug = vendor or session.vendor or ""
        found = self._linking.vendors.door(slug, sandbox=session.sandbox, base_url=base_url)
        if found is None:
            raise ConnectRefusedError("Choose one of the systems shown.")
        return found

    def items_of(self, session: LinkSession, door: Door) -> tuple[str, ...]:
        """What is asked for, as far as the vendor has it."""
        return tuple(item for item in session.items if item in door.connector.bindings())

    async def _let_in(self, session: LinkSession, door: Door, made: Credentials, told: dict[str, str]) -> None:
        """We are in: every account that the login reaches is found. One is taken; of several the person chooses."""
        accounts = await find_accounts(
            self._linking.vendors, door, made.access_token, told, self.items_of(session, door)
        )
        if not accounts:
            raise Refused("the login reaches no account")
        held = Held(credentials=made, accounts=accounts)
        async with as_organization(self._linking.pool, session.org_id) as connection:
            sealed = await seal(connection, self._linking.vault, session, held)
            _moved(await store.mark_choosing(connection, session, *sealed))
        if len(accounts) == 1:
            try:
                await settle(self._linking, session, held, accounts)
            except ConnectRefusedError as refusal:
                await self._say(session, str(refusal), "not_the_same")

    async def _count_try(self, session: LinkSession) -> None:
        async with as_organization(self._linking.pool, session.org_id) as connection:
            tries = await store.mark_tried(connection, session)
            if tries is not None and tries > MOST_TRIES:
                await store.mark_closed(connection, session, "Too many tries. Ask for a new link.")
                await note_try(connection, session, "too_many_tries")
        _moved(tries is not None)
        if tries is not None and tries > MOST_TRIES:
            raise ConnectRefusedError("Too many tries. Ask for a new link where you were given this one.")

    async def _say(self, session: LinkSession, notice: str, outcome: str) -> None:
        """Why a try came to nothing: to the person in a sentence, to the audit log in a word."""
        async with as_organization(self._linking.pool, session.org_id) as connection:
            await store.mark_notice(connection, session, notice)
            await note_try(connection, session, outcome)

    def _require(self, session: LinkSession, *steps: Step) -> None:
        if session.step in (Step.FINISHED, Step.CLOSED) or session.expires_at <= self._linking.clock():
            raise ConnectRefusedError("This link was used, or its half hour is over. Ask for a new one.")
        if session.step not in steps:
            raise ConnectRefusedError("That step was taken already.")


_NOTHING: Final = Credentials(access_token="")


def _moved(moved: bool) -> None:
    if not moved:
        raise ConnectRefusedError("That step was taken already.")


def _oauth(door: Door) -> OAuth2:
    auth = oauth_of(door.connector.auth)
    if auth is None:
        raise ConnectRefusedError("This system has no consent page of its own.")
    return auth


def _sentence(door: Door, fault: VendorFault) -> str:
    """What went wrong, for the person; nothing of the vendor's own text, which may quote the login."""
    name = door.connector.name
    match fault:
        case ConnectionRefused(code="biometric_only"):
            return (
                f"{name} lets this login in with a fingerprint or face alone, which nobody can do for you. Switch it "
                "to codes from an authenticator app, or make a login for us that uses them, and try again."
            )
        case ConnectionRefused(code="no_seed"):
            return f"{name} asks this login for one-time codes: type the setup key of its authenticator app as well."
        case ConnectionRefused(code="mfa_invalid"):
            return (
                f"{name} did not accept the code made from the setup key. Check the key, wait half a minute, try again."
            )
        case ConnectionRefused(code="locked"):
            return f"{name} has locked this login after failed attempts. Wait until it opens again, then try once."
        case ConnectionRefused() | CredentialsExpired():
            return f"{name} did not accept what you gave. Check it and try again."
        case Refused(code="nothing_yet"):
            return (
                f"{name} says which company it is with its clients alone, and there is none yet. Add one there and try "
                "again, or connect with a key."
            )
        case Refused():
            return f"{name} said no. Check that this login may see the firm's records, and try again."
        case RateLimited():
            return f"{name} asks us to wait. Try again in a minute."
        case _:
            return f"{name} cannot be reached at the moment. Try again in a few minutes."
