"""Every group of Sodium's reference, one by one: behind which noun it stands, and what else of it is open as it is.

Its index counts 84 groups with 525 operations; billing lines came after. Where a page of the group could be read its
paths are `documented`; the others follow the group's name, as those that are published mostly do: `assumed`.
Source: https://sodiumhq.com/docs/api/operations/ and the pages below it, read 2026-11-20.
"""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.clients import CLIENTS
from service.connectors.sodium.groups.deals import DEALS
from service.connectors.sodium.groups.office import OFFICE
from service.connectors.sodium.groups.papers import PAPERS
from service.connectors.sodium.groups.people import PEOPLE
from service.connectors.sodium.groups.work import WORK

GROUPS: Final[tuple[Group, ...]] = (*CLIENTS, *PEOPLE, *PAPERS, *DEALS, *WORK, *OFFICE)
