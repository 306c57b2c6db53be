"""`tickmark coverage`: the matrix for people and for programs, and the README's copy of it."""

from pathlib import Path

import msgspec
import pytest

from service.cli.app import run
from service.cli.coverage import matrix
from service.connectors.registry import CONNECTORS

README = Path(__file__).parents[2] / "README.md"


def test_readme_shows_what_the_connectors_can_do() -> None:
    shown = README.read_text().split("coverage --markdown -->\n")[1].split("\n<!-- end")[0]

    assert shown == matrix(), "put the output of `tickmark coverage --markdown` into README.md"


def test_json_has_a_row_for_each_binding(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", "--json"]) == 0

    rows = msgspec.json.decode(capsys.readouterr().out)
    assert len(rows) == sum(len(one.bindings()) for one in CONNECTORS)
    assert all(set(row) == {"vendor", "resource", "ports", "filters", "known"} for row in rows)
    quickbooks = next(row for row in rows if (row["vendor"], row["resource"]) == ("quickbooks", "clients"))
    assert {"list", "get", "create", "update"} <= set(quickbooks["ports"])
    assert quickbooks["known"] == "documented"


def test_one_vendor_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", "canopy"]) == 0

    shown = capsys.readouterr().out
    assert "canopy" in shown
    assert "quickbooks" not in shown


def test_unknown_vendor_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", "karbonn"]) == 2
    assert "canopy" in capsys.readouterr().err
