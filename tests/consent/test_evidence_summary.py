"""The summary of an evidence pack reads well however much there is, and nothing people wrote is taken for markup."""

import re

import msgspec
import pytest

from service.consent.summary import Summary, Table, render_html, render_pdf

ROW = ("2026-11-20 12:00:00", "key_01k3sd2pjhfmh9pgwzpxrqsk7k", "listInvoices")


def summary(rows: int = 1, title: str = "Evidence: Birch & Vale") -> Summary:
    table = Table(title="What was handed out", heads=("When", "Actor", "Operation"), rows=(ROW,) * rows)
    nothing = Table(title="What was changed", heads=("When",), rows=())
    return Summary(title=title, date=(2026, 11, 20), facts=(("Firm", "Birch"),), tables=(table, nothing), note="End.")


def pages(printed: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", printed))


def test_same_facts_give_the_same_bytes_and_others_give_others() -> None:
    assert render_pdf(summary()) == render_pdf(summary()) != render_pdf(summary(rows=2))


@pytest.mark.parametrize("title", ["#panic[now]", '$x$ *b* _i_ `c` <l> @r \\ // "q"', "Birch\n= Vale", ""])
def test_markup_in_a_name_is_printed_as_it_stands(title: str) -> None:
    assert pages(render_pdf(summary(title=title))) == 1


def test_paper_stops_where_nobody_reads_on_and_says_where_the_rest_is() -> None:
    full, over = summary(rows=500), summary(rows=20_000)
    printed = render_pdf(over)

    assert pages(printed) == pages(render_pdf(full)) > 1
    assert printed != render_pdf(full)
    assert render_html(over).count("listInvoices") == 20_000


def test_page_with_a_table_of_nothing_says_so() -> None:
    assert "<h2>What was changed</h2><p>None.</p>" in render_html(msgspec.structs.replace(summary(), title="x"))
