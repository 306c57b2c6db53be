"""The anonymous pages behind an engagement's link: whoever holds the guid may look and accept."""

from typing import Protocol

from service.sandbox.clock import NowS
from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Path
from service.sandbox.sodium.engagements import Engagements
from service.sandbox.sodium.errors import conflict, missing

_LINK = "/engagements/accept/{guid}"
_PUBLIC = ("guid", "client", "date", "status", "type", "typeName", "recipientFirstName", "recipientLastName",
           "hasProposalPdf", "hasLofEPdf", "totalValue", "numberOfServices", "clientBillableServices")  # fmt: skip
_CSS = b".accept { color: #1d3557 }"


class Desk(Protocol):
    """A tenant as the public pages see it."""

    @property
    def engagements(self) -> Engagements:
        """Its engagements."""
        ...


class AcceptBody(wire.Body, frozen=True):
    """A signature: an image in base64."""

    signature: str


class Acceptance:
    """Looks engagements up by guid over all tenants."""

    def __init__(self, desks: list[Desk], router: Router, now_s: NowS) -> None:
        self._desks = desks
        self._now_s = now_s
        router.add("GET", _LINK, self._look)
        router.add("GET", f"{_LINK}/css", self._css)
        router.add("GET", f"{_LINK}/pdf/{{name}}", self._pdf)
        router.add("POST", f"{_LINK}/accept", self._accept)

    def _find(self, guid: str) -> tuple[Engagements, int, Json]:
        for desk in self._desks:
            position = desk.engagements.find(guid)
            if position is not None:
                row = desk.engagements.collection.rows.table[position]
                if row["status"] == "Unsent":
                    break
                if row["status"] in {"Accepted", "Rejected"}:
                    raise conflict(f"The engagement is {row['status'].lower()} already.")
                return desk.engagements, position, row
        raise missing("Engagement")

    def _look(self, request: Request, path: Path) -> Response:
        engagements, position, row = self._find(path["guid"])
        row = engagements.collection.amend(position, {"status": "Viewed", "lastViewed": wire.instant(self._now_s())})
        return json_response(200, {name: row[name] for name in _PUBLIC})

    def _css(self, request: Request, path: Path) -> Response:
        self._find(path["guid"])
        return Response(200, _CSS, (("content-type", "text/css"),))

    def _pdf(self, request: Request, path: Path) -> Response:
        engagements, _, row = self._find(path["guid"])
        if path["name"] not in {"proposal", "letter-of-engagement"}:
            raise missing("PDF")
        return engagements.pdf(row, path["name"])

    def _accept(self, request: Request, path: Path) -> Response:
        engagements, position, _ = self._find(path["guid"])
        signature = wire.read(request, AcceptBody).signature
        wire.decoded(signature, "signature")
        acceptance = {"acceptedDate": wire.instant(self._now_s()), "acceptedIpAddress": "127.0.0.1",
                      "acceptanceSignature": signature, "manuallyAccepted": False}  # fmt: skip
        row = engagements.collection.amend(position, {"status": "Accepted", "acceptance": acceptance})
        return json_response(200, {"status": row["status"], "acceptedDate": acceptance["acceptedDate"]})
