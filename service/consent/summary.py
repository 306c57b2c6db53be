"""The pages of an evidence pack that people read: the same facts as PDF and as HTML."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from service import ids
from service.audit.entry import happened_at
from service.consent.findings import Asked, Found, is_change, shown_actor

_TEMPLATE: Final = Path(__file__).parent / "templates" / "evidence.typ"
_PRINTED_ROWS: Final = 500
"""Of each table: paper is for reading, the files beside it hold every row."""


class Table(Struct, frozen=True, kw_only=True):
    """One part of the summary."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """What was left out, and where it stands."""


class Summary(Struct, frozen=True, kw_only=True):
    """All that the pages say, as text."""

    title: str
    date: tuple[int, int, int]
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    note: str


def to_summary(asked: Asked, found: Found) -> Summary:
    """The findings, as the pages say them."""
    disclosed = [one for one in found.entries if one.consents]
    changed = [one for one in found.entries if is_change(one)]
    refused = [one for one in found.entries if one.outcome == "consent_missing"]
    return Summary(
        title=f"Evidence: {asked.firm}",
        date=(asked.at.year, asked.at.month, asked.at.day),
        facts=(
            ("Firm", f"{asked.firm} ({ids.encode('firm', asked.firm_id)})"),
            ("Period", f"{asked.since:%Y-%m-%d %H:%M} to {asked.until:%Y-%m-%d %H:%M} UTC"),
            ("Ticket", asked.ticket),
            ("Made", f"{asked.at:%Y-%m-%d %H:%M:%S} UTC by {asked.by}"),
            ("Calls and acts", str(len(found.entries))),
            ("Disclosures", f"{len(disclosed)} calls, {sum(one.rows for one in disclosed)} records"),
            ("Changes", f"{len(changed)} calls"),
            ("Refused for want of consent", f"{len(refused)} calls"),
            ("Proven by signed checkpoints", f"{len(found.proofs)} of {len(found.rows)} rows"),
        ),
        tables=(
            Table(
                title="Consents",
                heads=("Consent", "Client", "Recipient", "Purpose", "Items", "From", "To", "Revoked", "Signed by"),
                rows=tuple(
                    (
                        one.id,
                        one.client or "all",
                        one.recipient,
                        one.purpose,
                        ", ".join(one.items),
                        _instant(one.from_),
                        _instant(one.to),
                        _instant(one.revoked_at),
                        one.granted_by,
                    )
                    for one in found.consents
                ),
            ),
            Table(
                title="Who acted, and with which scopes",
                heads=("Key", "Name", "Mode", "Scopes"),
                rows=tuple(
                    (ids.encode("key", one.id), one.name, one.mode, ", ".join(one.scopes)) for one in found.keys
                ),
            ),
            Table(
                title="What was handed out",
                heads=("When", "Actor", "Operation", "Records", "Consents"),
                rows=tuple(
                    (
                        _instant(happened_at(one)),
                        shown_actor(one),
                        one.what,
                        str(one.rows),
                        ", ".join(ids.encode("cns", consent) for consent in one.consents),
                    )
                    for one in disclosed
                ),
            ),
            Table(
                title="What was changed",
                heads=("When", "Actor", "Operation", "Record"),
                rows=tuple(
                    (
                        _instant(happened_at(one)),
                        shown_actor(one),
                        one.what,
                        ", ".join(found.records.get(one.id, ())) or "not readable any more",
                    )
                    for one in changed
                ),
            ),
        ),
        note="Instants are in UTC. Each row of log.jsonl is proven by proofs.jsonl under a signed checkpoint in "
        "checkpoints.jsonl; tickmark audit verify checks this pack without a network.",
    )


def render_pdf(summary: Summary) -> bytes:
    """The summary as PDF/A, at most 500 rows of each table; the same bytes for the same facts."""
    document = msgspec.json.encode(msgspec.structs.replace(summary, tables=tuple(map(_printed, summary.tables))))
    import typst  # 8 MB of every worker, for the few who make a PDF

    made: bytes = typst.compile(_TEMPLATE, sys_inputs={"document": document.decode()}, pdf_standards="a-2b")
    return made


def render_html(summary: Summary) -> str:
    """The summary as one HTML page that needs nothing else, with every row."""
    facts = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in summary.facts
    )
    tables = "".join(f"<h2>{escape(one.title)}</h2>{_table(one.heads, one.rows)}\n" for one in summary.tables)
    return _PAGE.format(title=escape(summary.title), facts=facts, tables=tables, note=escape(summary.note))


def _printed(table: Table) -> Table:
    left_out = len(table.rows) - _PRINTED_ROWS
    if left_out <= 0:
        return table
    return msgspec.structs.replace(
        table, rows=table.rows[:_PRINTED_ROWS], note=f"{left_out:,} more stand in summary.html."
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th scope=col>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _instant(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


_PAGE: Final = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>{title}</title>
<style>
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }}
th, td {{ border: 1px solid #999; padding: .3rem .5rem; text-align: left; overflow-wrap: anywhere }}
</style>
<h1>{title}</h1>
<table><tbody>{facts}</tbody></table>
{tables}<p>{note}</p>
</html>
"""
