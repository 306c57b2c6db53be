"""`tickmark billing details`: who pays, and the tax that whoever bills adds."""

from tests.cli.test_cli_management import Cli, cli

__all__ = ["cli"]


def test_details_begin_with_the_organization_and_change_by_what_is_named(cli: Cli) -> None:
    org = cli.organization()

    before = cli.rows("billing", "details", "--org", org)
    cli(
        "billing",
        "details",
        "--org",
        org,
        "--name",
        "Ledgerline Apps Inc",
        "--address",
        "1 Example Street; Exampleville",
    )
    after = cli.rows("billing", "details", "--org", org, "--tax", "VAT=19")

    assert before == [{"name": "Ledgerline Apps", "address": "", "tax_id": None, "tax": None}]
    assert after == [
        {"name": "Ledgerline Apps Inc", "address": "1 Example Street; Exampleville", "tax_id": None, "tax": "VAT=19"}
    ]
    assert cli.rows("billing", "details", "--org", org, "--tax", "none")[0]["tax"] is None


def test_tax_that_cannot_be_is_one_line(cli: Cli) -> None:
    org = cli.organization()

    for tax in ("VAT", "VAT=much", "VAT=101", "VAT=nan"):
        said = cli("billing", "details", "--org", org, "--tax", tax, code=2)
        assert len(said.splitlines()) == 1
        assert "--tax" in said
