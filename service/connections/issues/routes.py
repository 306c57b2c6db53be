"""`/v1/issues`: where a vendor's answers are no longer what the connector was written for."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.modes import require_own_mode
from service.api.operation import Audit, ByTestKey, Meter, Operation, Parameter
from service.api.pagination import example_page
from service.api.query import DEFAULT_LIMIT, boolean, id_of, read_query, whole_number
from service.connections.issues import store
from service.connections.issues.settle import Settle, accept_issue, ignore_issue
from service.connections.issues.store import Issue, IssueKind
from service.connections.linking import Linking
from service.db.pool import as_organization
from service.errors import missing
from service.resources.common import Page


class IssueView(Struct, frozen=True, kw_only=True, tag_field="object", tag="issue"):
    """One difference between a vendor's answers and what we were written for. Names fields, never values."""

    id: str
    """`iss_…`"""
    connection: str
    """Where it was seen, `con_…`."""
    vendor: str
    """The vendor's short name."""
    surface: str
    """The noun of this API whose records differ."""
    kind: IssueKind
    """What is no longer as it was."""
    path: str
    """Where in the vendor's record."""
    expected: str
    """What was there before, or what we expected."""
    opened_at: datetime
    """When it was seen first."""
    seen_at: datetime
    """When it was seen last."""
    times: int
    """How often."""
    resolved_at: datetime | None
    """When it was gone, or taken for the new normal; null while it is open."""
    ignored_at: datetime | None
    """When it was set aside: it is still watched, and no longer degrades the connection."""


class IssueRoutes:
    """The answers about issues. A key knows of its connections' issues alone."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def page(self, call: Call) -> Answer:
        asked = read_query(
            call.scope["query_string"],
            {
                "limit": whole_number(1, 200),
                "before": id_of("iss"),
                "filter[connection]": id_of("con"),
                "filter[open]": boolean,
            },
        )
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        wanted = asked.get("filter[connection]")
        known = [one.id for one in await self._linking.connections.visible(caller) if wanted in (None, one.id)]
        async with as_organization(self._linking.pool, caller.org_id) as connection:
            found = await store.list_issues(
                connection,
                caller.org_id,
                asked.get("before"),
                known,
                limit + 1,
                only_open=asked.get("filter[open]", False),
            )
        shown = found[:limit]
        call.rows = len(shown)
        more = len(found) > limit
        return answer_of(
            Page([to_issue(one) for one in shown], more, ids.encode("iss", shown[-1].id) if more else None)
        )

    async def one(self, call: Call) -> Answer:
        call.rows = 1
        return answer_of(to_issue(await self._named(call)))

    async def accept(self, call: Call) -> Answer:
        return await self._settled(call, accept_issue)

    async def ignore(self, call: Call) -> Answer:
        return await self._settled(call, ignore_issue)

    async def _settled(self, call: Call, settle: Settle) -> Answer:
        issue = await self._named(call)
        call.rows = 1
        return answer_of(to_issue(await settle(self._linking, call.known_caller.org_id, issue)))

    async def _named(self, call: Call) -> Issue:
        caller, issue_id = call.known_caller, call.named("iss")
        async with as_organization(self._linking.pool, caller.org_id) as connection:
            found = await store.get_issue(connection, caller.org_id, issue_id)
        known = {one.id: one for one in await self._linking.connections.visible(caller)}
        if found is None or found.connection_id not in known:
            raise missing()
        if call.scope["method"] != "GET":
            require_own_mode(call, is_sandbox=known[found.connection_id].sandbox)
        call.connection_id, call.vendor = found.connection_id, found.vendor
        return found


def issue_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about issues."""
    routes = IssueRoutes(linking)
    named = parameters.path_id("id", "The issue's id, `iss_…`.")
    return (
        Operation(
            id="listIssues",
            method="GET",
            path="/v1/issues",
            tag="issues",
            summary="List issues",
            description="Where vendors' answers differ from what we were written for, newest first.",
            scope="connections:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[IssueView],
            parameters=(
                parameters.LIMIT,
                Parameter(
                    name="before",
                    place="query",
                    schema={"type": "string", "pattern": "^iss_[0-9a-hjkmnp-tv-z]{26}$"},
                    description="`next_cursor` of the page before.",
                ),
                parameters.filter_by(
                    "connection", {"type": "string", "pattern": "^con_[0-9a-hjkmnp-tv-z]{26}$"}, "Only this one's."
                ),
                parameters.filter_by("open", {"type": "boolean"}, "`true`: only open ones."),
            ),
            problems=(errors.INVALID_PARAMETER,),
            example=example_page(_ISSUE),
            run=routes.page,
        ),
        Operation(
            id="getIssue",
            method="GET",
            path="/v1/issues/{id}",
            tag="issues",
            summary="Get one issue",
            description="One difference, where it was seen and how often.",
            scope="connections:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=IssueView,
            parameters=(named,),
            problems=(errors.NOT_FOUND,),
            example=_ISSUE,
            run=routes.one,
        ),
        Operation(
            id="acceptIssue",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/issues/{id}/accept",
            tag="issues",
            summary="Accept an issue",
            description="Takes the change for the new normal: the issue is resolved and its records are learned anew.",
            scope="connections:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=IssueView,
            parameters=(named,),
            problems=(errors.NOT_FOUND,),
            example=_ISSUE | {"resolved_at": "2026-11-21T08:00:00Z"},
            run=routes.accept,
        ),
        Operation(
            id="ignoreIssue",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/issues/{id}/ignore",
            tag="issues",
            summary="Ignore an issue",
            description="Sets the issue aside: it stays on record and is still watched, but does not degrade the "
            "connection any more. Ignoring it again changes nothing.",
            scope="connections:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=IssueView,
            parameters=(named,),
            problems=(errors.NOT_FOUND,),
            example=_ISSUE | {"ignored_at": "2026-11-21T08:00:00Z"},
            run=routes.ignore,
        ),
    )


def to_issue(found: Issue) -> IssueView:
    """An issue as it is shown."""
    return IssueView(
        id=ids.encode("iss", found.id),
        connection=ids.encode("con", found.connection_id),
        vendor=found.vendor,
        surface=found.surface,
        kind=found.kind,
        path=found.path,
        expected=found.expected,
        opened_at=found.opened_at,
        seen_at=found.seen_at,
        times=found.times,
        resolved_at=found.resolved_at,
        ignored_at=found.ignored_at,
    )


_ISSUE: Final[dict[str, Any]] = {
    "object": "issue",
    "id": "iss_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "connection": "con_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "vendor": "canopy",
    "surface": "clients",
    "kind": "missing_field",
    "path": "$.display_name",
    "expected": "text",
    "opened_at": "2026-11-20T03:10:00Z",
    "seen_at": "2026-11-20T03:10:00Z",
    "times": 1,
    "resolved_at": None,
    "ignored_at": None,
}
