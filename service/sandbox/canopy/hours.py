"""Time on invoices: a write-up or -down of a line is shared over its entries in proportion to what they came to.

Entries of 200 and 300 with 100 put on them become 240 and 360. While they stand on an invoice nobody may edit them.
"""

from service.sandbox.canopy.errors import RefusalError, invalid
from service.sandbox.http import Json
from service.sandbox.table import Table

_OPEN = frozenset({"draft", "unpaid"})


class Hours:
    """The time of one invoice that is being written; nothing is kept before everything was checked."""

    def __init__(self, entries: Table, invoice: Json) -> None:
        self._entries = entries
        self._invoice = invoice
        self._changed: dict[int, Json] = {}

    def release(self, lines: list[Json]) -> None:
        """Frees the time of the lines that were: it is saved again, for what it came to at first."""
        for entry_id in (entry_id for line in lines for entry_id in line["time_entry_ids"]):
            position = self._position(entry_id)
            entry = self._entries[position]
            first = entry["amount_cents"] - entry["wuwd_cents"]
            self._changed[position] = {
                **entry, "amount_cents": first, "wuwd_cents": 0, "state": "saved", "invoice_id": None,
            }  # fmt: skip

    def bill(self, line: Json) -> Json:
        """The line with what its time comes to as its price; the time stands on the invoice from now on."""
        ids: list[str] = line.get("time_entry_ids", [])
        if not ids:
            if line.get("quantity") is None or line.get("rate_cents") is None:
                raise invalid("lines", "needs a quantity and a rate, or time")
            return line
        if self._invoice["status"] not in _OPEN:
            raise invalid("lines", "time goes on draft and unpaid invoices only")
        positions = [self._position(entry_id) for entry_id in ids]
        entries = [self._changed.get(position) or self._entries[position] for position in positions]
        for entry in entries:
            if entry["state"] != "saved" or not entry["billable"] or entry["client_id"] != self._invoice["client_id"]:
                raise invalid("lines", f"{entry['entry_id']} cannot be billed to this client now")
        amounts = [entry["amount_cents"] for entry in entries]
        shares = shared(line.get("wuwd_cents", 0), amounts)
        for position, entry, share in zip(positions, entries, shares, strict=True):
            self._changed[position] = {
                **entry,
                "amount_cents": entry["amount_cents"] + share,
                "wuwd_cents": share,
                "state": "billed",
                "invoice_id": self._invoice["invoice_id"],
            }
        return {**line, "quantity": 1, "rate_cents": sum(amounts)}

    def keep(self, at_s: int) -> None:
        """Writes what has changed."""
        for position, entry in self._changed.items():
            self._entries.put(position, entry, at_s)

    def _position(self, entry_id: str) -> int:
        position = self._entries.find(entry_id)
        if position is None:
            raise RefusalError("validation_failed", "The request is not valid.", ("lines", f"{entry_id} is unknown"))
        return position


def shared(amount: int, over: list[int]) -> list[int]:
    """The amount in proportion to `over`, in whole cents that come to exactly it: the largest remainders get more."""
    total = sum(over)
    if not total:
        return [amount, *[0] * (len(over) - 1)]
    shares = [amount * part // total for part in over]
    by_remainder = sorted(range(len(over)), key=lambda at: -(amount * over[at] % total))
    for at in by_remainder[: amount - sum(shares)]:
        shares[at] += 1
    return shares
