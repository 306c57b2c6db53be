"""Karbon v3: two secrets in two headers, OData lists, two kinds of error body."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import partial

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.grants import Tokens
from service.sandbox.http import Handler, Json, Request, Response, json_response
from service.sandbox.karbon.rows import Sort, sorts_of
from service.sandbox.karbon.settings import settings_of
from service.sandbox.keyed import Keyed, RefusalError, whole

_MOST = 100
_PER_MINUTE = 120
_SKIPPED = "$skip"


class Karbon(Keyed):
    """One tenant."""

    name = "karbon"
    account = "tenant"
    rows = "value"

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(books, clock, _PER_MINUTE)
        self.add("/v3/TenantSettings", self._settings)
        for name, sort in sorts_of(books).items():
            self.add(f"/v3/{name}", self._about(sort, self._list), lists=True)
            self.add(f"/v3/{name}/{{key}}", self._about(sort, self._one))

    def grant_facts(self, tokens: Tokens) -> Json:
        """The access token is both secrets: the bearer's, and the access key."""
        both = f"{tokens.access_token}\n{access_key(tokens.access_token)}"
        return {**super().grant_facts(tokens), "access_token": both}

    def key_of(self, request: Request) -> str | None:
        bearer = request.bearer
        if bearer is None or request.headers.get("accesskey") != access_key(bearer):
            return None
        return bearer

    def refused(self, status: int, message: str) -> Response:
        """401, 429 and a wrong route name their status; all else has an error with a code."""
        if status in (401, 429):
            return json_response(status, {"statusCode": str(status), "message": message})
        code = {400: "4002", 404: "4004"}.get(status, "5001")
        return json_response(status, {"error": {"code": code, "message": message}})

    def _about(self, sort: Sort, answer: Callable[[Sort, Request, Mapping[str, str]], Response]) -> Handler:
        return partial(answer, sort)

    def _settings(self, request: Request, _: Mapping[str, str]) -> Response:
        return json_response(200, settings_of(self.books.seed))

    def _list(self, sort: Sort, request: Request, _: Mapping[str, str]) -> Response:
        self._refuse_unknown(request, {"$top", _SKIPPED, "$count"})
        top, skip = whole(request, "$top", _MOST), whole(request, _SKIPPED, 0)
        if top is None or skip is None:
            raise RefusalError(self.refused(400, "The query specified in the URI is not valid."))
        if top > _MOST:
            message = f"The limit of '{_MOST}' for Top query has been exceeded."
            raise RefusalError(self.refused(400, message))
        page = [sort.flat(row) for row in range(skip, min(skip + top, sort.size))]
        answer: Json = {"@odata.count": sort.size, "value": page}
        if skip + top < sort.size:
            link = f"https://api.karbonhq.com{request.path}?$top={top}&{_SKIPPED}={skip + top}"
            answer["@odata.nextLink"] = link
        return json_response(200, answer)

    def _one(self, sort: Sort, request: Request, path: Mapping[str, str]) -> Response:
        self._refuse_unknown(request, {"$expand"})
        asked = frozenset(filter(None, request.query.get("$expand", "").split(",")))
        if not asked <= {*sort.expands}:
            raise RefusalError(self.refused(400, "The query specified in the URI is not valid."))
        row = sort.row_of(path["key"])
        if row is None:
            raise RefusalError(self.refused(404, "No matching record found."))
        return json_response(200, sort.whole(row, asked))

    def _refuse_unknown(self, request: Request, known: set[str]) -> None:
        for name in request.query:
            if name not in known:
                option = name.removeprefix("$").capitalize()
                raise RefusalError(self.refused(400, f"Query option '{option}' is not allowed."))


def access_key(bearer: str) -> str:
    """The access key that goes with a bearer's secret: made as a JWT looks, and signed by nobody."""
    digest = hashlib.sha256(f"access key of {bearer}".encode()).digest()
    return f"eyJhbGciOiJIUzI1NiJ9.e30.{urlsafe_b64encode(digest).decode().rstrip('=')}"
