"""Plan files are checked when they are read, and say where they are wrong."""

from pathlib import Path

import pytest

from billing import PUBLIC_PLAN, Meter, PriceBook, PriceBookError, load_price_book
from billing.prices import load_plan

_GOOD = """
plan = "made"
version = 1
title = "Made"
currency = "USD"
[meters.read]
model = "graduated"
free = 10
tiers = [{ up_to = 20, price = "0.5" }, { price = 0.000000000001 }]
[meters.write]
model = "flat"
price = "1"
[meters.document]
model = "flat"
price = "1"
[meters.passthrough]
model = "flat"
price = "1"
"""


def _load(directory: Path, text: str, name: str = "made-1.toml") -> PriceBook:
    (directory / name).write_text(text, encoding="utf-8")
    return load_price_book(directory)


def test_public_plan_prices_every_meter(book: PriceBook) -> None:
    plan = book.find(*PUBLIC_PLAN)

    assert set(plan.meters) == set(Meter)


def test_good_plan_is_found_by_name_and_version(tmp_path: Path) -> None:
    book = _load(tmp_path, _GOOD)

    assert [(plan.plan, plan.version) for plan in book.plans()] == [("made", 1)]
    with pytest.raises(PriceBookError, match="no plan 'made' version 2"):
        book.find("made", 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('currency = "USD"', 'currency = "XXX"', "currency: 'XXX' is not one of"),
        ("version = 1", "version = 2", "plan: the file of 'made' version 2 must be made-2.toml"),
        ("up_to = 20", "up_to = 10", r"meters\.read\.tiers\[0\]\.up_to: must be above 10"),
        ('"0.5" }, {', '"0.5" }, { up_to = 30,', r"meters\.read\.tiers: the last tier must have no up_to"),
        ('price = "0.5"', 'price = "-0.5"', r"meters\.read\.tiers\[0\]\.price: must be zero or more"),
        ('price = "0.5"', 'price = "NaN"', r"meters\.read\.tiers\[0\]\.price: must be zero or more"),
        ('price = "0.5"', 'price = "0.0000000000001"', r"meters\.read\.tiers\[0\]\.price: has more than 12 decimals"),
        ('price = "0.5"', 'price = "cheap"', r"made-1\.toml: .*meters.*tiers"),
        ("free = 10", "free = -1", r"meters\.read\.free: cannot be negative"),
        ("free = 10", "fre = 10", "made-1.toml: .*unknown field `fre`"),
        ("[meters.write]", "[meters.writ]", r"made-1\.toml: .*Invalid enum value 'writ'"),
        ("[meters.read]", "[meters.read", r"made-1\.toml: "),
        ('[meters.write]\nmodel = "flat"\nprice = "1"\n', "", r"meters\.write: every meter needs a price"),
    ],
)
def test_wrong_plan_names_file_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in _GOOD
    with pytest.raises(PriceBookError, match=message):
        _load(tmp_path, _GOOD.replace(old, new, 1))


def test_digest_changes_with_a_price_and_not_with_a_title(tmp_path: Path) -> None:
    path = tmp_path / "made-1.toml"
    path.write_text(_GOOD)
    before = load_plan(path).digest
    path.write_text(_GOOD.replace("Made", "Renamed"))
    renamed = load_plan(path).digest
    path.write_text(_GOOD.replace('"0.5"', '"0.6"'))
    repriced = load_plan(path).digest

    assert before == renamed
    assert before != repriced
