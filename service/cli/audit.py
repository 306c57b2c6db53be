"""`tickmark audit`: the log as a file, the proof that nobody touched it, and the end of what was personal in it."""

import sys
from pathlib import Path
from typing import Annotated, Any
from zipfile import is_zipfile

from cyclopts import App, Parameter

from service.audit import store
from service.audit.acts import record_act
from service.audit.checkpoints import SignedCheckpoint, read_checkpoints
from service.audit.export import export as exported
from service.audit.packs import verify_pack
from service.audit.personal import destroy_keys
from service.audit.sealing import seal
from service.audit.signing import signer_of, sink_of
from service.audit.verify import Verdict, verify
from service.cli.database import operator, settings
from service.cli.errors import CommandError
from service.cli.options import Json, Org
from service.cli.output import instant, ref, say, show, show_json
from service.cli.reading import read_id
from service.clock import now
from service.ids import made_at

audit = App(name="audit", help="The audit log.")


@audit.command(name="export")
async def write_out(
    *, org: Org, file: Annotated[Path, Parameter(help="Where to; - for standard output.")] = Path("-")
) -> None:
    """Seal what is committed, then write an organization's whole log as a file that verifies without us."""
    org_id = read_id("org", org)
    found = settings()
    signer = signer_of(found)
    async with operator() as connection:
        async with connection.transaction():
            await record_act(connection, org_id, "audit.export", (org,))
        await seal(connection, signer, sink_of(found), now(), only=org_id)
        target = sys.stdout.buffer if str(file) == "-" else file.open("wb")
        try:
            async for line in exported(connection, org_id, signer.public_key, now()):
                target.write(line)
        finally:
            target.flush()
            if target is not sys.stdout.buffer:
                target.close()


@audit.command(name="verify")
def check(
    file: Annotated[Path, Parameter(help="An exported log, or an evidence pack.")],
    *,
    key: Annotated[
        str | None, Parameter(help="The public key you trust, base64; `tickmark audit key` shows it.")
    ] = None,
    checkpoints: Annotated[Path | None, Parameter(help="Checkpoints that were kept off the database.")] = None,
    as_json: Json = False,
) -> int:
    """Find an edit, a deletion, a reorder, a truncation or an insertion, offline; exit code 1 if there is one."""
    try:
        kept = [] if checkpoints is None else read_checkpoints(checkpoints)
        verdict = _verify(file, key, kept)
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be verified: {error}.") from None
    if as_json:
        show_json({"intact": verdict.intact, "verdict": verdict})
    else:
        _tell(verdict)
    return 0 if verdict.intact else 1


@audit.command(name="key")
def show_key() -> None:
    """Show the public key that checkpoints here are signed with. Keep it where the log is not."""
    say(signer_of(settings()).public_key)


@audit.command
async def status(*, org: Org, as_json: Json = False) -> int:
    """Show how far the log is sealed; exit code 1 where rows are neither sealed nor waiting to be."""
    org_id = read_id("org", org)
    async with operator() as connection:
        head = await store.get_head(connection, org_id)
        last = await store.get_last_checkpoint(connection, org_id)
        waiting = await store.count_waiting(connection)
        lost = await store.count_unchained(connection, org_id)
    said = None if last is None else last.checkpoint()
    row: dict[str, Any] = {
        "sealed": 0 if head is None else head[0],
        "vouched": 0 if said is None else said.last,
        "checkpoint": None if said is None else instant(said.made_at),
        "waiting_everywhere": waiting.rows,
        "oldest_waiting": None if waiting.oldest is None else instant(made_at(waiting.oldest)),
        "outside_chain": lost,
    }
    show([row], as_json=as_json)
    return 1 if lost else 0


@audit.command
async def erase(
    *,
    org: Org,
    firm: Annotated[str | None, Parameter(help="The firm, firm_…; what belongs to no firm if not said.")] = None,
    ticket: Annotated[str, Parameter(help="Why: your ticket.")],
) -> None:
    """Destroy the key of a firm's personal fields for good. The log still verifies; those fields are unreadable."""
    org_id = read_id("org", org)
    firm_id = None if firm is None else read_id("firm", firm)
    async with operator() as connection, connection.transaction():
        destroyed = await destroy_keys(connection, org_id, firm_id or org_id, now())
        about = firm or ref("org", org_id) or ""
        await record_act(connection, org_id, "audit.erase", (about,), firm_id=firm_id, ticket=ticket)
    say(f"{destroyed} key(s) destroyed.")


def _verify(file: Path, key: str | None, kept: list[SignedCheckpoint]) -> Verdict:
    if is_zipfile(file):
        return verify_pack(file, public_key=key)
    with file.open("rb") as lines:
        return verify(lines, public_key=key, kept=kept)


def _tell(verdict: Verdict) -> None:
    for one in verdict.found:
        say(f"{one.kind.upper()} at line {one.line}: {one.says}.")
    if verdict.intact:
        say(f"Intact: {verdict.rows:,} rows under {verdict.checkpoints:,} checkpoints, signed by {verdict.key}.")
    if not verdict.trusted_key:
        say("No --key was given: whoever holds the file could have signed it anew. Compare the key above with yours.")
