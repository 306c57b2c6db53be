"""What of Sodium's groups falls on no noun, as it is."""

from typing import Final

from service.connectors.sdk.passthrough import Passthrough
from service.connectors.sodium.groups import GROUPS

PASSTHROUGH: Final = Passthrough(rules=tuple(rule for group in GROUPS for rule in group.rules))
