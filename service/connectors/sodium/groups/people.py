"""Groups around people, at clients and in the practice."""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.rules import READ, REPLACE, RUN, calls, table, told

_ABOVE: Final = "Lies above the tenant, where a connection does not reach."
_ALL: Final = ("page", "get", "create", "update", "delete")

PEOPLE: Final[tuple[Group, ...]] = (
    Group(name="Contacts", operations=6, nouns={"contacts": _ALL}),
    Group(name="Client - Contacts", operations=5, nouns={"contacts": ("page", "get", "create", "update")}),
    Group(
        name="Client Portal - Access",
        operations=2,
        nouns={"contacts": ("update",)},
        rules=told(
            ("POST", "/clients/{}/contacts/{}/portal-access/send-invitation", "Invites a contact into the portal.")
        ),
    ),
    Group(
        name="Client Portal - Users",
        operations=2,
        rules=calls("/portal-users", "Who can enter the portal.", READ)
        + calls("/portal-users/{*}", "Lets one in or keeps one out.", REPLACE),
    ),
    Group(
        name="Client Portal Settings",
        operations=2,
        rules=calls("/portal-settings", "Title and looks of the portal.", READ, REPLACE),
    ),
    Group(name="Users", operations=8, nouns={"users": _ALL}),
    Group(
        name="Teams",
        operations=9,
        nouns={"users": ("get",)},
        rules=table("/teams", "Teams of people.")
        + calls("/teams/{}/members", "The members of a team.", READ, RUN)
        + calls("/teams/{}/members/{}", "Takes a member out of a team.", "DELETE"),
    ),
    Group(name="Tenants", operations=5, closed=f"{_ABOVE} Connecting reads the list of them."),
    Group(name="API Keys", operations=3, closed=f"{_ABOVE} It hands out keys."),
    Group(name="User - Account", operations=6, closed=f"{_ABOVE} It is the signed-in person's own."),
    Group(name="User - Invitations", operations=3, closed=f"{_ABOVE} It is the signed-in person's own."),
)
