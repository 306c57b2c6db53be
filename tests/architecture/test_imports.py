"""What import-linter cannot say: names instead of modules, and lists that must grow with the code."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import billing

ROOT = Path(__file__).resolve().parents[2]
SERVICE_FILES = sorted((ROOT / "service").rglob("*.py"))
NOT_VENDORS = {"sdk", "__pycache__"}


def imports(file: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every imported module with the names taken from it; `import x` takes none."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names):
                yield from ((alias.name, ()) for alias in names)
            case ast.ImportFrom(str(module), names, 0):
                yield module, tuple(alias.name for alias in names)
            case _:
                pass


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def taken_from_billing(file: Path) -> set[str]:
    """Names of billing that a file uses, with `from billing import x` or as `billing.x`; deeper modules whole."""
    found = {name for module, names in imports(file) if module == "billing" for name in names}
    found |= {module for module, _ in imports(file) if module.startswith("billing.")}
    if ("billing", ()) not in imports(file):
        return found
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Attribute(ast.Name("billing"), name):
                found.add(name)
            case _:
                pass
    return found


def test_service_takes_only_public_names_of_billing() -> None:
    taken = {name: file.name for file in SERVICE_FILES for name in taken_from_billing(file)}

    assert "UsageLedger" in taken
    assert {name: file for name, file in taken.items() if name not in billing.__all__} == {}


def test_resources_need_only_msgspec_and_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "msgspec"}
    taken = {module for file in (ROOT / "service/resources").glob("*.py") for module, _ in imports(file)}

    assert {
        name for name in taken if not name.startswith("service.resources") and name.split(".")[0] not in allowed
    } == set()


@pytest.mark.parametrize("kind", ["forbidden", "independence"])
def test_contracts_name_every_vendor(kind: str) -> None:
    vendors = {
        f"service.connectors.{folder.name}"
        for folder in (ROOT / "service/connectors").iterdir()
        if folder.is_dir() and folder.name not in NOT_VENDORS
    }
    lists = [
        set(contract.get("modules", contract.get("source_modules", [])))
        for contract in contracts()
        if contract["type"] == kind
    ]

    assert any(vendors <= named for named in lists)


def test_relative_imports_are_not_used() -> None:
    """They would hide from the checks above."""
    relative = [
        str(file.relative_to(ROOT))
        for file in SERVICE_FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []
