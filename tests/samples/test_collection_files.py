"""The collections as files: complete, up to date, and with nothing in them that is anybody's."""

import re
from pathlib import Path

import msgspec
import pytest

from service.all_operations import contract
from service.cli.facts import openapi
from service.samples.bruno import to_bruno
from service.samples.postman import to_postman
from service.samples.requests import SampleRequests, is_for_customers
from service.samples.steps import folders_of


def test_collections_are_those_of_the_contract() -> None:
    assert openapi(check=True) == 0


def test_each_operation_is_in_the_collections_once(requests: SampleRequests) -> None:
    wanted = [name for name, operation in requests.operations.items() if is_for_customers(operation)]
    steps = [step for folder in folders_of(msgspec.json.decode(contract())) for step in folder.steps]

    told = [step.request.operation_id for step in steps if not step.name.startswith(("4", "Pages"))]
    assert sorted(told) == sorted(wanted)
    assert len({step.name for step in steps}) == len(steps), "the next request is found by its name"


@pytest.mark.parametrize("name", ["postman", "bruno"])
def test_collections_hold_no_key_and_nobody_real(name: str) -> None:
    told = msgspec.json.decode(contract())
    text = to_postman(told).decode() if name == "postman" else b"".join(to_bruno(told).values()).decode()

    assert set(re.findall(r"tm_(?:live|test)_[A-Za-z0-9_]+", text)) == {"tm_test_nobody_has_this_key"}
    assert [found for found in re.findall(r"[\w.+-]+@([\w.-]+)", text) if not found.endswith(".example")] == []


def test_stale_request_file_is_found_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    assert openapi(file=file) == 0
    left_over = file.parent / "bruno/clients/an-operation-of-last-year.bru"
    left_over.write_text("meta {}\n")

    assert openapi(file=file) == 0

    assert not left_over.exists()
    assert openapi(file=file, check=True) == 0
