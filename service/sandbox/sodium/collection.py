"""What most groups of operations have in common: list, create, get, replace and delete of one kind of record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

import msgspec

from service.sandbox.clock import NowS
from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.rows import Rows

B = TypeVar("B", bound=wire.Body)
Path: TypeAlias = Mapping[str, str]
Of: TypeAlias = Callable[[Json], object]
Cheap: TypeAlias = Callable[[int], object]

CRUD = ("list", "create", "get", "replace", "delete")
READ = ("list", "get")


class Filter(msgspec.Struct, frozen=True):
    """A query parameter that leaves the rows whose value is among the given; `options` None takes any text.

    `cheap` tells the value of a seeded row without building it.
    """

    of: Of
    options: tuple[str, ...] | None = None
    cheap: Cheap | None = None


def ref_code(name: str) -> Of:
    """The code inside a reference of a row."""
    return lambda row: wire.code_of(row[name])


class Collection(Generic[B]):
    """One kind of record at a path of the tenant, or of a client if the path has `{client}` in it.

    `make` turns a body into a row, without its code and dates; `old` is the row it replaces. `show` has the last word
    on how a row is answered: `detail` tells a single one from a row in a list. `sorts` pairs
    the values of `sortBy` with fields, `search` names the fields looked into, `cheap` tells fields of a seeded row
    without building it. `defaults` are the
    values a filter has when the query does not name it.
    """

    def __init__(
        self,
        rows: Rows,
        path: str,
        shape: type[B],
        make: Callable[[B, Json | None, int | None], Json],
        now_s: NowS,
        clients: Rows,
        *,
        filters: Mapping[str, Filter] | None = None,
        sorts: Mapping[str, str] | None = None,
        search: tuple[str, ...] = (),
        cheap: Mapping[str, Cheap] | None = None,
        show: Callable[[Json, Request, bool], Json] | None = None,
        may_delete: Callable[[Json], None] | None = None,
        defaults: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self.rows = rows
        self.path = path
        self._shape = shape
        self._make = make
        self._now_s = now_s
        self._clients = clients
        self._filters = filters or {}
        self._sorts = sorts or {}
        self._search = search
        self._cheap = cheap or {}
        self._show = show
        self._may_delete = may_delete
        self._defaults = defaults or {}
        self.under_client = "{client}" in path

    def add_routes(self, router: Router, operations: Iterable[str] = CRUD) -> None:
        """Adds the operations wanted."""
        one = f"{self.path}/{{code}}"
        routes = {
            "list": ("GET", self.path, self.list),
            "create": ("POST", self.path, self.create),
            "get": ("GET", one, self.get),
            "replace": ("PUT", one, self.replace),
            "delete": ("DELETE", one, self.delete),
        }
        for operation in operations:
            router.add(*routes[operation])

    def client(self, path: Path) -> int | None:
        """The position of the client a path is about; RefusalError when there is no such client."""
        return self._clients.position(path["client"]) if self.under_client else None

    def answer(self, row: Json, request: Request, status: int = 200) -> Response:
        """One row, wholly."""
        return json_response(status, self._show(row, request, True) if self._show else row)

    def list(self, request: Request, path: Path) -> Response:
        """`GET`: a page of what the filters leave."""
        asked = wire.window(request, self._sorts)
        table = self.rows.table

        def show(position: int) -> Json:
            row = table[position]
            return self._show(row, request, False) if self._show else row

        return wire.page(self._selected(request, self.client(path), asked), asked, show)

    def create(self, request: Request, path: Path) -> Response:
        """`POST`: a new row."""
        client = self.client(path)
        made = self._make(wire.read(request, self._shape), None, client)
        return self.answer(self.keep_new(made, client), request, 201)

    def get(self, request: Request, path: Path) -> Response:
        """`GET` of one."""
        return self.answer(self.rows.get(path["code"], self.client(path)), request)

    def replace(self, request: Request, path: Path) -> Response:
        """`PUT`: the whole row anew; what the body leaves out is empty afterwards."""
        client = self.client(path)
        position = self.rows.position(path["code"], client)
        made = self._make(wire.read(request, self._shape), self.rows.table[position], client)
        return self.answer(self.amend(position, made), request)

    def delete(self, request: Request, path: Path) -> Response:
        """`DELETE`: 204."""
        position = self.rows.position(path["code"], self.client(path))
        if self._may_delete is not None:
            self._may_delete(self.rows.table[position])
        self.rows.put(position, None, self._now_s())
        return Response(204)

    def keep_new(self, made: Json, client: int | None = None) -> Json:
        """Keeps a new row with its dates."""
        now_s = self._now_s()
        dates = {"createdDate": wire.instant(now_s), "updatedDate": wire.instant(now_s)}
        return self.rows.add({**made, **dates}, now_s, client)

    def amend(self, position: int, changes: Json) -> Json:
        """Keeps a row with some fields changed."""
        now_s = self._now_s()
        row = {**self.rows.table[position], **changes, "updatedDate": wire.instant(now_s)}
        self.rows.put(position, row, now_s)
        return row

    def _selected(self, request: Request, client: int | None, asked: wire.Window) -> Sequence[int]:
        wanted: dict[str, frozenset[str]] = {
            name: values
            for name, kind in self._filters.items()
            if (values := _values(request, name, kind) or self._defaults.get(name))
        }
        text = wire.search_text(request) if self._search else None
        key = self._sorts[asked.sort_by] if asked.sort_by else None
        table = self.rows.table

        def matches(position: int) -> bool:
            for name, values in wanted.items():
                if self._value(self._filters[name], position) not in values:
                    return False
            return text is None or any(text in str(self._cell(name, position) or "").lower() for name in self._search)

        def sort_key(position: int) -> object:
            value = "" if key is None else self._cell(key, position)
            return (value is not None, value)

        if client is not None:
            found = [position for position in self.rows.of_client(client) if matches(position)]
            if key is not None:
                found.sort(key=sort_key, reverse=asked.descending)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
            return found
        everything = not wanted and text is None
        name = (self.path, tuple(sorted((name, tuple(sorted(values))) for name, values in wanted.items())), text,
                asked.sort_by, asked.descending)  # fmt: skip
        return table.select(
            name, None if everything else matches, None if key is None else sort_key, reverse=asked.descending
        )

    def _cell(self, name: str, position: int) -> object:
        if name in self._cheap and not self.rows.table.is_written(position):
            return self._cheap[name](position)
        return self.rows.table[position][name]

    def _value(self, kind: Filter, position: int) -> object:
        if kind.cheap is not None and not self.rows.table.is_written(position):
            return kind.cheap(position)
        return kind.of(self.rows.table[position])


def _values(request: Request, name: str, kind: Filter) -> frozenset[str]:
    if kind.options is not None:
        return wire.choices(request, name, kind.options)
    return frozenset(value for value in request.every(name) if value)
