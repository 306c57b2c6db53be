"""Money that comes in and goes back, entered at a terminal."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from billing import Meter, UsageLedger
from service import ids
from service.db.pool import Connection, open_pool
from tests.billing.calls import billable
from tests.billing.test_price_models import PLAN
from tests.cli.test_cli_management import Cli, as_operator, cli, customer_since
from tests.conftest import Database

__all__ = ["cli"]


def issued(cli: Cli, database: Database) -> tuple[str, str]:
    """A customer and its invoice of 6.00."""
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=10)
    org = customer_since(database, last_month)

    async def use() -> None:
        pool = await open_pool(database.owner_url, "tickmark_meter")
        ledger = UsageLedger(pool)
        await ledger.start()
        await ledger.record(billable(ids.decode("org", org), last_month, meter=Meter.WRITE, units=400))
        await ledger.close()
        await pool.close()

    asyncio.run(use())
    return org, cli.rows("billing", "close", "--org", org, "--issue")[-1]["invoice"]


def test_a_payment_and_a_refund_are_entered_once_for_each_reference(cli: Cli, database: Database) -> None:
    org, invoice = issued(cli, database)
    place = ("--org", org, "--invoice", invoice)

    paid = [cli.rows("billing", "payment", *place, "--amount-minor", "600", "--reference", "bank 1") for _ in range(2)]
    credit = (
        "billing",
        "credit",
        *place,
        "--amount-minor",
        "250",
        "--reason",
        "outage",
        "--reference",
        "c1",
        "--refund",
    )
    credited = [cli.rows(*credit) for _ in range(2)]

    assert paid[0] == paid[1]
    assert (paid[0][0]["state"], paid[0][0]["paid"], paid[0][0]["due"]) == ("paid", "6.00", "0.00")
    assert credited[0] == credited[1]
    assert (credited[0][0]["credited"], credited[0][0]["paid"], credited[0][0]["due"]) == ("2.50", "3.50", "0.00")


def test_what_an_invoice_does_not_take_is_one_line_and_changes_nothing(cli: Cli, database: Database) -> None:
    org, invoice = issued(cli, database)
    place = ("--org", org, "--invoice", invoice)
    before = cli("billing", "invoices", "--org", org)

    beyond = cli("billing", "payment", *place, "--amount-minor", "601", "--reference", "x", code=1)
    credit = ("billing", "credit", *place, "--amount-minor", "601", "--reason", "r", "--reference", "x")
    too_much = cli(*credit, code=1)
    unchanged = cli("billing", "invoices", "--org", org)
    cli("billing", "void", *place, "--reason", "made out wrongly")
    void = cli("billing", "payment", *place, "--amount-minor", "600", "--reference", "x", code=1)

    assert "600 are due and 0 were paid, not 601" in beyond
    assert "600 of invoice 1 can be credited, not 601" in too_much
    assert unchanged == before
    assert "invoice 1 is void and takes no payment" in void
    assert all(said.count("\n") == 1 for said in (beyond, too_much, void))


def test_prepaid_money_is_entered_once_and_pays_the_next_invoice(cli: Cli, database: Database) -> None:
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=10)
    org = customer_since(database, last_month)
    words = ("billing", "prepaid", "--org", org, "--amount-minor", "500", "--note", "transfer", "--reference", "t1")

    entered = [cli.rows(*words) for _ in range(2)]

    assert [one[0]["prepaid"] for one in entered] == ["5.00", "5.00"]


def test_an_invoice_that_stripe_collects_is_settled_there(cli: Cli, database: Database) -> None:
    org, invoice = issued(cli, database)
    place = ("--org", org, "--invoice", invoice)

    async def put(connection: Connection) -> None:
        await connection.execute(
            "INSERT INTO billing.stripe_invoices (org_id, invoice_id, stripe_invoice_id, status) "
            "VALUES ($1, $2, 'in_1QInvented', 'open')",
            ids.decode("org", org),
            ids.decode("bill", invoice),
        )

    as_operator(database, put)
    said = [
        cli("billing", "payment", *place, "--amount-minor", "600", "--reference", "x", code=1),
        cli("billing", "void", *place, "--reason", "made out wrongly", code=1),
        cli("billing", "write-off", *place, "--reason", "hopeless", code=1),
    ]

    assert all("Stripe collects in_1QInvented" in one for one in said)
    assert cli.rows("billing", "invoices", "--org", org)[0]["state"] == "issued"


def test_a_plan_file_is_priced_before_it_is_in_the_price_book(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "made-1.toml").write_text(PLAN)
    (tmp_path / "usage.toml").write_text("read = 150\nwrite = 206\ndocument = 33\n")

    rows = cli.rows("billing", "price", "--plan", f"{tmp_path}/made-1.toml", "--usage", f"{tmp_path}/usage.toml")

    assert [(row["line"], row["amount"]) for row in rows] == [
        ("read, free units", "0.00"),
        ("read, tier 2", "7.00"),  # all 140 beyond the free ones at the price of the place that 150 is in
        ("write, free units", "0.00"),
        ("write, packages of 100", "7.50"),  # three were started
        ("document, tier 1", "0.33"),
        ("discount 10 %", "-1.48"),  # half to even
        ("prepaid credit of the month", "-1.50"),
        ("total", "11.85"),
    ]


def test_another_plan_begins_with_a_month_to_come_and_with_no_other(cli: Cli, database: Database) -> None:
    now = datetime.now(UTC)
    org = customer_since(database, now - timedelta(days=40))
    next_month = f"{now.replace(day=28) + timedelta(days=5):%Y-%m}"

    begun = cli("billing", "plan", "--org", org, "--to", "demo-1", "--from", f"{now:%Y-%m}", code=1)
    half = cli("billing", "plan", "--org", org, "--to", "demo-1", code=2)
    unknown = cli("billing", "plan", "--org", org, "--to", "free-9", "--from", next_month, code=1)
    moved = cli.rows("billing", "plan", "--org", org, "--to", "demo-1", "--from", next_month)

    assert "has begun; a plan changes at the start of a month to come" in begun
    assert "--to and --from belong together" in half
    assert "the price book has no plan 'free' version 9" in unknown
    assert [row["plan"] for row in moved] == ["demo-1", "public-1"]
    assert moved[0]["from"] == next_month
    assert cli.rows("billing", "plan", "--org", org) == moved
    assert "plans.change" in cli("audit", "export", "--org", org)
