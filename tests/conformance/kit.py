"""The conformance kit: everything a connector promises, checked for every binding against the vendor's sandbox.

    class TestKarbon(Conformance):
        subject = Subject(connector=KARBON, …)

is a vendor's whole test file. A check that a vendor has nothing for is skipped with its reason (`pytest -rs`).
"""

from typing import ClassVar

import pytest

from tests.conformance.pages import PageChecks
from tests.conformance.records import RecordChecks
from tests.conformance.said import SaidChecks
from tests.conformance.signing import SignatureChecks
from tests.conformance.subject import Subject
from tests.conformance.trouble import TroubleChecks
from tests.conformance.writes import WriteChecks


@pytest.mark.anyio
class Conformance(RecordChecks, PageChecks, TroubleChecks, WriteChecks, SaidChecks, SignatureChecks):
    subject: ClassVar[Subject]

    def test_the_subject_knows_every_binding(self, subject: Subject) -> None:
        assert {*subject.resources, *subject.not_yet} == set(subject.connector.bindings())
