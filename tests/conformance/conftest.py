"""One sandbox for each vendor and process, small books; one fresh rig for each check."""

import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack

import pytest
from _pytest.mark import ParameterSet

for _module in ("kit", "records", "pages", "trouble", "writes", "said", "signing", "rig", "trees"):
    pytest.register_assert_rewrite(f"tests.conformance.{_module}")

from service.connectors.transport import HttpTransport  # noqa: E402
from service.sandbox.books import Books  # noqa: E402
from service.sandbox.serve import DEFAULT_SEED, SandboxServer, running  # noqa: E402
from tests.conformance.published import strange  # noqa: E402
from tests.conformance.rig import Rig  # noqa: E402
from tests.conformance.subject import Facts, Subject  # noqa: E402

CLIENTS = 40
MAX_ANSWER_BYTES = 1024 * 1024


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every check that takes a resource runs for every binding of the class's connector."""
    subject: object = getattr(metafunc.cls, "subject", None)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if isinstance(subject, Subject) and "resource" in metafunc.fixturenames:
        metafunc.parametrize("resource", [_case(subject, name) for name in subject.connector.bindings()])


def _case(subject: Subject, resource: str) -> ParameterSet:
    if resource in subject.resources:
        return pytest.param(resource)
    reason = subject.not_yet.get(resource, "the subject does not know this binding")
    return pytest.param(resource, marks=pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def sandbox_of() -> Generator[Callable[[str], SandboxServer]]:
    """The running sandbox of a vendor, started when first asked for."""
    with ExitStack() as stack:
        running_ones: dict[str, SandboxServer] = {}

        def find(vendor: str) -> SandboxServer:
            if vendor not in running_ones:
                running_ones[vendor] = stack.enter_context(running(vendor, clients=CLIENTS))
            return running_ones[vendor]

        yield find


@pytest.fixture(scope="session")
async def transport() -> AsyncGenerator[HttpTransport]:
    async with HttpTransport(max_answer_bytes=MAX_ANSWER_BYTES) as transport:
        yield transport


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Subject:
    found: object = getattr(request.cls, "subject", None)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    assert isinstance(found, Subject)
    return found


@pytest.fixture
def facts(request: pytest.FixtureRequest, subject: Subject, resource: str) -> Facts:
    """The resource's facts; skips a check that vendor or resource lack something for, and says what."""
    found = subject.resources[resource]
    check = request.function.__name__.removeprefix("test_")
    reason = found.lacks.get(check) or subject.lacks.get(check)
    if reason:
        pytest.skip(reason)
    return found


class Lines(logging.Handler):
    """Every log line of every logger, exceptions included, as an ordinary formatter would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record) + "\n"


@pytest.fixture(scope="session")
def client_names() -> tuple[str, ...]:
    """What must not be logged of the firm's clients."""
    clients = [Books(DEFAULT_SEED, CLIENTS).client(row) for row in range(CLIENTS)]
    return tuple(word for client in clients for word in (client.name, client.email, client.phone) if word)


@pytest.fixture
def rig(
    subject: Subject,
    sandbox_of: Callable[[str], SandboxServer],
    transport: HttpTransport,
    client_names: tuple[str, ...],
) -> Generator[Rig]:
    """The vendor, ready. After the check no secret and no client's name was logged, and every call is published."""
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        rig = Rig(subject, sandbox_of(subject.connector.slug), transport)
        yield rig
    finally:
        root.setLevel(level)
        root.removeHandler(lines)
    secrets = [part for token in rig.tokens.seen for part in token.split("\n")]
    leaked = [word for word in (*secrets, *client_names) if word in lines.text]
    assert not leaked, "a secret or a client's name was logged"
    assert not strange(subject.connector.slug, rig.middle.asked), "a call that the vendor does not publish"
