"""Volume and package prices, discount, credit and minimum: from the plan file to the corrected invoice."""

from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from billing import (
    Invoice,
    Meter,
    PriceBook,
    PriceBookError,
    UsageFileError,
    UsageLedger,
    close_period,
    explain,
    load_price_book,
    open_account,
    price_steps,
    read_usage,
    reconcile,
)
from billing.store import Connection
from billing.usage import insert_voids
from tests.billing.calls import billable
from tests.billing.days import (
    EARLY_DECEMBER,
    EARLY_NOVEMBER,
    IN_NOVEMBER,
    IN_OCTOBER,
    NOVEMBER,
    OCTOBER,
    OPENED,
)

pytestmark = pytest.mark.anyio

PLAN = """
plan = "made"
version = 1
title = "Made"
currency = "USD"
discount_percent = 10
credit = "1.50"
minimum = "5.00"
[meters.read]
model = "volume"
free = 10
tiers = [{ up_to = 100, price = "0.10" }, { price = "0.05" }]
[meters.write]
model = "package"
free = 5
size = 100
price = "2.50"
[meters.document]
model = "flat"
price = "0.01"
[meters.passthrough]
model = "flat"
price = "0.01"
"""


@pytest.fixture
def made(tmp_path: Path) -> PriceBook:
    (tmp_path / "made-1.toml").write_text(PLAN)
    return load_price_book(tmp_path)


@pytest.fixture
async def org(operator: Connection, made: PriceBook) -> UUID:
    org_id = uuid4()
    await open_account(operator, org_id, made.find("made", 1), "UTC", "USD", opened_at=OPENED)
    return org_id


def _figures(invoice: Invoice) -> list[tuple[str, int, int]]:
    return [(line.description, line.quantity, line.amount_minor) for line in invoice.lines]


async def test_volume_package_discount_and_credit_make_an_invoice(
    ledger: UsageLedger, operator: Connection, made: PriceBook, org: UUID
) -> None:
    await ledger.record(billable(org, IN_OCTOBER, units=210))
    await ledger.record(billable(org, IN_OCTOBER, meter=Meter.WRITE, units=106))

    invoice = await close_period(operator, made, org, OCTOBER, as_of=EARLY_NOVEMBER)

    assert _figures(invoice) == [
        ("read, free units", 10, 0),
        ("read, tier 2", 200, 1_000),
        ("write, free units", 5, 0),
        ("write, packages of 100", 101, 500),
        ("discount 10 %", 0, -150),
        ("prepaid credit of the month", 0, -150),
    ]
    assert (await reconcile(operator, made, org, OCTOBER)).balanced


async def test_late_units_reprice_the_month_and_its_minimum(
    ledger: UsageLedger, operator: Connection, owner: Connection, made: PriceBook, org: UUID
) -> None:
    first = billable(org, IN_OCTOBER, units=90)
    await ledger.record(first)
    october = await close_period(operator, made, org, OCTOBER, as_of=EARLY_NOVEMBER)
    assert [amount for _, _, amount in _figures(october)] == [0, 800, -80, -150]
    await ledger.record(billable(org, IN_OCTOBER, units=20))

    november = await close_period(operator, made, org, NOVEMBER, as_of=EARLY_DECEMBER)

    assert _figures(november)[:3] == [
        ("read, tier 1, taken back from 2026-10", -80, -800),
        ("read, tier 2, late from 2026-10", 100, 500),
        ("discount 10 %, for 2026-10", 0, 30),
    ]
    assert _figures(november)[3] == ("up to the monthly minimum, for 2026-10", 0, 200)
    assert sum(line.amount_minor for line in (*october.lines, *november.lines) if line.usage_period == OCTOBER) == 500
    assert (await reconcile(operator, made, org, OCTOBER)).balanced
    assert (await reconcile(operator, made, org, NOVEMBER)).balanced
    await insert_voids(owner, [first])


async def test_an_unused_month_costs_the_minimum(operator: Connection, made: PriceBook, org: UUID) -> None:
    invoice = await close_period(operator, made, org, OCTOBER, as_of=EARLY_NOVEMBER)

    assert _figures(invoice) == [("up to the monthly minimum", 0, 500)]


async def test_a_planted_cent_in_a_discount_is_found(
    ledger: UsageLedger, operator: Connection, owner: Connection, made: PriceBook, org: UUID
) -> None:
    await ledger.record(billable(org, IN_NOVEMBER, units=210))
    await close_period(operator, made, org, OCTOBER, as_of=EARLY_NOVEMBER)
    await close_period(operator, made, org, NOVEMBER, as_of=EARLY_DECEMBER)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("UPDATE billing.invoice_lines SET amount_minor = amount_minor + 1 WHERE kind = 'discount'")
        await owner.execute("UPDATE billing.invoices SET total_minor = total_minor + 1 WHERE period = $1", NOVEMBER)

    assert (await reconcile(operator, made, org, NOVEMBER)).money_difference_minor == 1
    assert (await reconcile(operator, made, org, OCTOBER)).balanced


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("size = 100", "size = 0", r"made-1\.toml: meters\.write\.size: must be at least 1"),
        ("size = 100", "size = 1.5", r"made-1\.toml: .*meters"),
        ("up_to = 100", "up_to = 10", r"made-1\.toml: meters\.read\.tiers\[0\]\.up_to: must be above 10"),
        ("discount_percent = 10", "discount_percent = 101", r"made-1\.toml: discount_percent: must lie between"),
        ("discount_percent = 10", "discount_percent = -1", r"made-1\.toml: discount_percent: must lie between"),
        ('minimum = "5.00"', 'minimum = "-5"', r"made-1\.toml: minimum: must be zero or more"),
        ('credit = "1.50"', 'credit = "1.505"', r"made-1\.toml: credit: has a fraction of the smallest coin of USD"),
        ('model = "volume"', 'model = "bulk"', r"made-1\.toml: .*bulk"),
    ],
)
def test_wrong_plan_names_file_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PLAN
    (tmp_path / "made-1.toml").write_text(PLAN.replace(old, new, 1))

    with pytest.raises(PriceBookError, match=message):
        load_price_book(tmp_path)


def test_digest_covers_what_is_done_to_the_whole_month(tmp_path: Path, made: PriceBook) -> None:
    (tmp_path / "made-1.toml").write_text(PLAN.replace('minimum = "5.00"', 'minimum = "6.00"'))

    assert load_price_book(tmp_path).find("made", 1).digest != made.find("made", 1).digest


def test_steps_of_a_price_are_told_in_order() -> None:
    plan = load_price_book().find("public", 1)

    assert price_steps(plan, Meter.PASSTHROUGH) == ("0.006 USD each",)
    assert price_steps(plan, Meter.READ) == (
        "the first 1,000 free",
        "0.004 USD each up to 100,000",
        "0.0025 USD each up to 1,000,000",
        "0.0015 USD each",
    )


def test_a_price_is_explained_line_by_line(made: PriceBook) -> None:
    lines = explain(made.find("made", 1), {Meter.READ: 210, Meter.WRITE: 106})

    assert [(line.description, line.calculation, line.amount_minor) for line in lines] == [
        ("read, free units", "10 x 0 = 0", 0),
        ("read, tier 2", "200 x 0.05 = 10", 1_000),
        ("write, free units", "5 x 0 = 0", 0),
        ("write, packages of 100", "101 = 2 of 100 x 2.5 = 5", 500),
        ("discount 10 %", "of 15.00 of usage", -150),
        ("prepaid credit of the month", "of 15.00 of usage", -150),
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("u.toml", "read = -1", r"u\.toml: read: -1 must lie between 0 and"),
        ("u.toml", "read = 1.5", r"u\.toml: read: 1\.5 is not a whole number"),
        ("u.json", '{"read": "12"}', r"u\.json: read: '12' is not a whole number"),
        ("u.json", '{"red": 12}', r"u\.json: red: no such meter; there are read, write"),
        ("u.json", "[1]", r"u\.json: meters and their units are wanted"),
        ("u.json", "{", r"u\.json: "),
        ("u.json", '{"read": 5, "read": 6}', r"u\.json: a name is given twice"),
        ("u.toml", "read = ", r"u\.toml: "),
    ],
)
def test_wrong_quantities_name_file_and_meter(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(UsageFileError, match=message):
        read_usage(tmp_path / name)


def test_quantities_are_read(tmp_path: Path) -> None:
    (tmp_path / "u.toml").write_text("read = 12\nwrite = 0\n")

    assert read_usage(tmp_path / "u.toml") == {Meter.READ: 12, Meter.WRITE: 0}
    assert Decimal(read_usage(tmp_path / "u.toml")[Meter.READ]) == 12
