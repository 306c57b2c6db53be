"""Options that many commands share."""

from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON instead of a table.")]
Org = Annotated[str, Parameter(name="--org", help="The organization, org_….")]
