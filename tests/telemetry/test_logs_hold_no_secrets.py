"""Canaries sent through every way a word can get into a log."""

import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import cast
from uuid import UUID

import asyncpg
import pytest

from service.connectors.sdk import faults
from service.telemetry import CallRecord, Telemetry, log_exception, setup
from service.telemetry.logs import LiteralFilter

CANARIES = (
    "tm_live_4fj29dk3md0s9dkf3j",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl",
    "Canary Plumbing LLC",
    "canary@client.example",
    "4111 1111 1111 1111",
    "078-05-1120",
    "12-3456789",
    "c2VjcmV0LXJlZnJlc2gtdG9rZW4tb2YtdGhlLWNhbmFyeS1maXJtLTAwMQ==",
    "postgres://canary:hunter2@db.example/x",
)
REQUEST = "req_01jd0000000000000000000000"
ours = logging.getLogger("service.canary")
library = logging.getLogger("some.library")


class Pipes:
    """Running telemetry whose log lines are kept."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.telemetry = setup(log_level="DEBUG", log_stream=self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    pipes = Pipes()
    yield pipes
    pipes.telemetry.shutdown()


def as_argument(canary: str) -> None:
    ours.warning("client %s refused", canary)


def as_named_argument(canary: str) -> None:
    ours.warning("client %(name)s refused", {"name": canary})


def as_f_string(canary: str) -> None:
    ours.warning(f"client {canary} refused")


def as_whole_message(canary: str) -> None:
    ours.error(canary)


def as_object_message(canary: str) -> None:
    ours.error(ValueError(canary))


def as_unlisted_field(canary: str) -> None:
    ours.warning("refused", extra={"client_name": canary})


def as_listed_field(canary: str) -> None:
    ours.warning("refused", extra={"vendor": canary, "request_id": canary, "method": canary, "status": canary})


def as_exception(canary: str) -> None:
    try:
        raise ValueError(canary)
    except ValueError:
        ours.exception("mapping failed")


def as_cause(canary: str) -> None:
    try:
        try:
            raise KeyError(canary)
        except KeyError as error:
            raise RuntimeError("mapping failed") from error
    except RuntimeError:
        ours.exception("mapping failed")


def as_vendor_fault(canary: str) -> None:
    fault = faults.Invalid(canary, status=400, code=canary, fields=(faults.FieldFault("/name", canary, canary),))
    log_exception(fault, request_id=REQUEST)


def as_exception_group(canary: str) -> None:
    log_exception(ExceptionGroup(canary, [ValueError(canary)]))


def as_exception_note(canary: str) -> None:
    error = ValueError("x")
    error.add_note(canary)
    log_exception(error)


def as_stack_info(canary: str) -> None:
    ours.warning("where am I", stack_info=bool(canary))


def as_library_argument(canary: str) -> None:
    library.info("HTTP Request: GET %s", f"https://vendor.example/?access_token={canary}")


def as_library_message(canary: str) -> None:
    library.error("unexpected answer: " + canary)


def as_warning(canary: str) -> None:
    warnings.warn(canary, stacklevel=1)


def as_logger_name(canary: str) -> None:
    logging.getLogger(canary).warning("refused")


def as_uncaught(canary: str) -> None:
    error = ValueError(canary)
    sys.excepthook(ValueError, error, None)


def as_uncaught_in_thread(canary: str) -> None:
    def fail() -> None:
        raise ValueError(canary)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def as_forgotten_task(canary: str) -> None:
    async def fail() -> None:
        raise ValueError(canary)

    async def main() -> None:
        task = asyncio.create_task(fail(), name=canary)
        await asyncio.wait([task])
        del task

    asyncio.run(main())


def as_failed_call(canary: str) -> None:
    Telemetry().observe(
        CallRecord(
            request_id=UUID(int=7),
            operation="listClients",
            method="GET",
            route="/v1/clients",
            status=502,
            outcome="vendor_error",
            started_at_ns=0,
            duration_ns=1,
            vendor=canary,
            fault=canary,
            error_code=canary,
        )
    )


WAYS: tuple[Callable[[str], None], ...] = tuple(
    value for name, value in sorted(globals().items()) if name.startswith("as_")
)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: cast(str, way.__name__))
def test_no_word_of_a_client_or_secret_gets_into_a_line(
    pipes: Pipes, capfd: pytest.CaptureFixture[str], way: Callable[[str], None]
) -> None:
    for canary in CANARIES:
        way(canary)

    assert len(pipes.lines) >= len(CANARIES)
    everything = pipes.text + "".join(capfd.readouterr())
    for canary in CANARIES:
        for word in (canary, *canary.split()):
            assert word not in everything or word in ("1111", "Bearer", "4111")


def test_handlers_of_libraries_are_redacted() -> None:
    stream = io.StringIO()
    own = logging.StreamHandler(stream)
    library.addHandler(own)
    telemetry = setup(log_stream=io.StringIO())
    try:
        for canary in CANARIES:
            library.warning("token=%s", canary)
        as_exception_at(library, CANARIES[0])
    finally:
        telemetry.shutdown()
        library.removeHandler(own)

    for canary in CANARIES:
        assert canary not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_words_that_another_handler_puts_into_a_record_are_not_printed(pipes: Pipes) -> None:
    def rewrite(record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage(), ()
        return True

    others = logging.StreamHandler(io.StringIO())
    others.addFilter(rewrite)
    root = logging.getLogger()
    ours_first = root.handlers[0]
    root.addHandler(others)
    root.addHandler(late := logging.StreamHandler(stream := io.StringIO()))
    late.setFormatter(ours_first.formatter)
    late.addFilter(LiteralFilter())
    try:
        library.warning("rows of %s", CANARIES[5])
    finally:
        root.removeHandler(others)
        root.removeHandler(late)

    assert json.loads(stream.getvalue())["message"] == "rows of %s"
    assert pipes.lines[-1]["message"] == "rows of <str>"


def as_exception_at(logger: logging.Logger, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("failed")


def test_a_literal_message_is_printed_with_its_numbers(pipes: Pipes) -> None:
    ours.warning("%d of %s rows after %.1f s", 3, "many", 0.25)

    (line,) = pipes.lines
    assert line["message"] == "3 of <str> rows after 0.2 s"
    assert line["level"] == "warning"
    assert line["logger"] == "service.canary"
    assert str(line["time"]).endswith("Z")


def test_listed_fields_are_printed(pipes: Pipes) -> None:
    ours.info(
        "call failed",
        extra={
            "request_id": REQUEST,
            "vendor": "quickbooks",
            "status": 502,
            "key_id": UUID(int=1),
        },
    )

    (line,) = pipes.lines
    assert line["request_id"] == REQUEST
    assert line["vendor"] == "quickbooks"
    assert line["status"] == 502
    assert line["key_id"] == "00000000-0000-0000-0000-000000000001"


def test_an_exception_says_what_and_where(pipes: Pipes) -> None:
    as_vendor_fault("x")
    try:
        raise asyncpg.UniqueViolationError("Canary Plumbing LLC")
    except asyncpg.PostgresError as error:
        log_exception(error)

    fault, database = (cast(dict[str, object], line["error"]) for line in pipes.lines)
    assert fault["type"] == "service.connectors.sdk.faults.Invalid"
    assert fault["status"] == 400
    assert database["sqlstate"] == "23505"
    assert f"{__name__}:test_an_exception_says_what_and_where:" in cast(list[str], database["at"])[0]


def test_everything_is_as_before_after_shutdown() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)

    setup(log_stream=io.StringIO()).shutdown()

    assert (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_a_line_that_cannot_be_written_is_not_quoted_elsewhere(pipes: Pipes, capfd: pytest.CaptureFixture[str]) -> None:
    pipes.stream.close()

    for canary in CANARIES:
        as_argument(canary)
        as_exception(canary)

    assert capfd.readouterr().err == ""


def test_importing_telemetry_changes_nothing_and_stays_small() -> None:
    program = """
import logging, sys
before = (logging.root.handlers[:], sys.excepthook)
import service.telemetry
assert (logging.root.handlers[:], sys.excepthook) == before
assert not [name for name in sys.modules if name.startswith(("opentelemetry", "google", "requests"))]
"""
    subprocess.run([sys.executable, "-c", program], check=True)
