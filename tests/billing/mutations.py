"""Breaks the code in one place after the other, and runs the property that has to notice.

    python -m tests.billing.mutations [--only NUMBER]

Each row of MUTATIONS says what is broken, where, and the test that must fail. Works on a copy; one line a mutation.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
RATING, MONEY, CAPS = "test_rating.py", "test_money_properties.py", "test_caps.py"


class Mutation(NamedTuple):
    file: str
    old: str
    new: str
    tests: str
    name: str


MUTATIONS: Final = (
    Mutation("rating.py", "start = tier.up_to or start", "start = tier.up_to and tier.up_to - 1 or start", RATING,
             "test_a_tier_edge_has_no_jump or test_each_unit_costs_the_price_of_its_place"),
    Mutation("rating.py", "if band.end is None else min(quantity, band.end)",
             "if band.end is None else min(quantity, band.end - 1)", RATING,
             "test_the_lines_of_a_month_sum_to_its_cost"),
    Mutation("rating.py", "return -(-max(0, quantity - price.free) // price.size)",
             "return max(0, quantity - price.free) // price.size", RATING,
             "test_each_unit_costs_the_price_of_its_place"),
    Mutation("rating.py", "reached = max(quantity, price.free + 1)", "reached = max(quantity, price.free) + 1", RATING,
             "test_each_unit_costs_the_price_of_its_place"),
    Mutation("rating.py", "packages = _packages(price, total) - _packages(price, billed)",
             "packages = _packages(price, total - billed)", RATING, "test_splitting_a_month_never_changes_its_total"),
    Mutation("rating.py", "yield _to_line(plan, meter, band, sign * (end - start))",
             "yield _to_line(plan, meter, band, end - start)", RATING, "test_taking_units_back_undoes_their_bill"),
    Mutation("rating.py", "paid = max(total, price.free) - max(billed, price.free)", "paid = total - billed", RATING,
             "test_lines_hold_every_unit_once"),
    Mutation("rating.py", "rounding=ROUND_HALF_EVEN", "rounding='ROUND_UP'", RATING,
             "test_rounding_moves_a_line_by_half_a_cent_at_most"),
    Mutation("rating.py", "max(0, min(left, to_minor(plan.credit, plan.currency)))",
             "to_minor(plan.credit, plan.currency)", MONEY, "test_a_month_costs_at_least_its_minimum or "
             "test_a_month_never_gets_cheaper"),
    Mutation("rating.py", "max(0, to_minor(plan.minimum, plan.currency) - left - credit)",
             "to_minor(plan.minimum, plan.currency) if left + credit < to_minor(plan.minimum, plan.currency) else 0",
             MONEY, "test_a_month_never_gets_cheaper_with_more_usage"),
    Mutation("rating.py", "if isinstance(price, Volume):\n        ends |=", "if False:\n        ends |=", MONEY,
             "test_the_highest_cost_is_passed_nowhere_on_the_way"),
    Mutation("budgets.py", "max(nearest, on_lines)", "0", MONEY, "test_a_budget_counts_no_less_than_the_invoice"),
    Mutation("budgets.py", "highest = highest_cost(price, base, units)",
             "highest = max(Decimal(0), cost(price, base + units) - cost(price, base))", MONEY,
             "test_a_budget_never_falls_with_more_usage"),
    Mutation("budgets.py", "low, high = (middle, high) if fits(middle) else (low, middle)",
             "low, high = (middle, high) if fits(middle - 1) else (low, middle)", MONEY,
             "test_a_lease_is_the_most_that_fits_the_budget"),
    Mutation("budgets.py", "(day, day + timedelta(days=1))", "(day, day)", MONEY, "test_windows_leave_no_gap"),
    Mutation("line_calls.py", "min(at + call.units, end) - max(at, start)", "min(at + call.units, end) - at", MONEY,
             "test_the_calls_of_a_line_hold_its_units_once"),
    Mutation("queries.sql", "WHERE billable\nON CONFLICT DO NOTHING;", "WHERE billable;", MONEY,
             "test_order_and_repetition_of_usage_never_change_the_bill"),
    Mutation("payments.py", "if not 0 < amount_minor <= left:", "if not 0 < amount_minor <= before.total_minor:", MONEY,
             "test_credit_notes_never_exceed_their_invoice"),
    Mutation("leases.py", "leased[lease.meter] += lease.units", "leased[lease.meter] += 0", CAPS,
             "test_sixteen_callers_in_four_processes_never_overshoot or test_two_processes_share_one_budget"),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, help="the number of one mutation")
    only = parser.parse_args().only
    survived = [
        number for number, one in enumerate(MUTATIONS, 1) if only in (None, number) and not _caught(number, one)
    ]
    print(f"{len(MUTATIONS) if only is None else 1} mutations, {len(survived)} not caught")
    sys.exit(1 if survived else 0)


def _caught(number: int, one: Mutation) -> bool:
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in ("billing", "service", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        path = copy / "billing" / one.file
        text = path.read_text()
        assert one.old in text, f"{one.file} has no longer: {one.old}"
        path.write_text(text.replace(one.old, one.new))
        if "cost(price" in one.new:
            path.write_text(path.read_text().replace("from billing.rating import", "from billing.rating import cost,"))
        command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider"]
        ran = subprocess.run(
            [*command, f"tests/billing/{one.tests}", "-k", one.name],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
    caught = ran.returncode == 1
    print(
        f"{number:2} {'caught' if caught else f'NOT CAUGHT ({ran.returncode})':11} {one.file}: {one.new[:60]!r}",
        flush=True,
    )
    return caught


if __name__ == "__main__":
    main()
