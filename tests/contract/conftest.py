"""The same served product as the acceptance tests, with limits that a fuzzer does not reach."""

from dataclasses import replace

import msgspec
import pytest

from service.connectors.registry import CONNECTORS
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.settings import Settings
from tests.acceptance.conftest import api, canopy, canopy_server, cast, quickbooks, quickbooks_server
from tests.acceptance.conftest import settings as ordinary_settings

__all__ = ["api", "canopy", "canopy_server", "cast", "ordinary_settings", "quickbooks", "quickbooks_server"]


@pytest.fixture
def settings(ordinary_settings: Settings) -> Settings:
    return msgspec.structs.replace(
        ordinary_settings,
        key_calls_per_second=100_000,
        key_calls_per_minute=1_000_000,
        unknown_keys_per_minute=1_000_000,
    )


@pytest.fixture
def connectors() -> tuple[Connector, ...]:
    roomy = BudgetSpec(limits=(Limit(1_000_000, 1.0),))
    return tuple(replace(connector, budget=roomy) for connector in CONNECTORS)
