"""Logs as JSON lines that cannot hold a secret, a client's name or a vendor's words.

What gets into a line is listed, nothing else does:

- the message, if it is a literal in the code that logs it. Of its arguments only numbers are kept; the others leave the
  name of their type. A message put together at run time (an f-string, an exception's text) is withheld whole.
- the fields of `FIELDS`, given as `extra=`, whose values match their pattern;
- of an exception its type, where it was raised, its SQLSTATE or HTTP status; never its text.

The same holds for libraries' logs: where one matters and is withheld, logger and line number still say what it was.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from inspect import currentframe
from types import FrameType, TracebackType
from typing import TextIO, cast
from uuid import UUID

from service.telemetry.calls import NAME
from service.telemetry.redaction import RedactionFilter, redact

WITHHELD = "[withheld]"
_ID = re.compile(r"(?:[a-z]{2,4}_)[0-9a-z]{26}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_METHOD = re.compile(r"[A-Z]{3,7}")

FIELDS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("request_id", "org_id", "firm_id", "key_id", "connection_id", "event_id", "job_id"), _ID),
    **dict.fromkeys(
        ("operation", "route", "vendor", "resource", "outcome", "error_code", "fault", "queue", "job"), NAME
    ),
    **dict.fromkeys(("status", "rows", "units", "attempt", "count", "port", "worker", "pid"), NAME),
    **dict.fromkeys(("duration_ms", "retry_after_s", "size_bytes", "version"), NAME),
    "method": _METHOD,
}
"""Every field a line may have besides time, level, logger, message, at and error; with the form of its text."""

Fields = dict[str, str | int | float | bool | None]


class JsonLines(logging.Formatter):
    """One JSON object per line. Goes on a handler that has `LiteralFilter`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, object] = {
            "time": at,
            "level": record.levelname.lower(),
            "logger": _logger_name(record),
            "message": message_of(record),
            "at": f"{record.module}:{record.funcName}:{record.lineno}",
            **fields_of(record),
        }
        if (error := error_of(record)) is not None:
            line["error"] = error
        return json.dumps(line)


class LiteralFilter(logging.Filter):
    """Keeps a record's message if it is a literal of the code that logs; must run in the thread that logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "literal"):
            record.literal = record.msg if type(record.msg) is str and _is_literal(record) else None
        return True


class _Stream(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        """A line that cannot be written is lost: the usual complaint on standard error quotes message and arguments."""


class LogPipes:
    """Takes over the root logger and what else would write to standard error; `close` gives everything back."""

    def __init__(
        self, level: str, stream: TextIO | None = None, extra_handlers: tuple[logging.Handler, ...] = ()
    ) -> None:
        root = logging.getLogger()
        self._before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
        lines = _Stream(stream or sys.stderr)
        lines.setFormatter(JsonLines())
        self._handlers = (lines, *extra_handlers)
        for handler in self._handlers:
            handler.addFilter(LiteralFilter())
        root.handlers[:] = self._handlers
        root.setLevel(level.upper())
        self._elsewhere = _foreign_handlers()
        for handler in self._elsewhere:
            handler.addFilter(_REDACTION)
        logging.captureWarnings(True)
        sys.excepthook = _log_uncaught
        threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
        sys.unraisablehook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    def close(self) -> None:
        root = logging.getLogger()
        handlers, level, sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
        for handler in self._elsewhere:
            handler.removeFilter(_REDACTION)
        for handler in self._handlers:
            with suppress(OSError, ValueError):
                handler.flush()


def message_of(record: logging.LogRecord) -> str:
    """The literal with its numbers, or WITHHELD."""
    template: str | None = getattr(record, "literal", None)
    if template is None:
        return WITHHELD
    if not record.args or record.msg is not template:  # another handler put other words into it since
        return template
    try:
        return redact(template % _only_numbers(record.args))
    except (TypeError, ValueError, KeyError):
        return template


def fields_of(record: logging.LogRecord) -> Fields:
    """The listed fields the record has; WITHHELD where a value has not the form of its field."""
    given = record.__dict__
    return {name: _safe(given[name], form) for name, form in FIELDS.items() if name in given}


def error_of(record: logging.LogRecord) -> dict[str, object] | None:
    """Type, place and numbers of the record's exception."""
    if not record.exc_info or record.exc_info[1] is None:
        return None
    return describe(record.exc_info[1])


def describe(exception: BaseException, depth: int = 3) -> dict[str, object]:
    """An exception without its words; causes up to `depth`."""
    kind = type(exception)
    found: dict[str, object] = {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "at": _places(exception.__traceback__),
    }
    sqlstate = getattr(exception, "sqlstate", None)
    if isinstance(sqlstate, str) and re.fullmatch(r"[0-9A-Z]{5}", sqlstate):
        found["sqlstate"] = sqlstate
    for name in ("status", "errno"):
        if type(number := getattr(exception, name, None)) is int:
            found[name] = number
    if isinstance(exception, BaseExceptionGroup):
        inner = cast(tuple[BaseException, ...], exception.exceptions)  # pyright: ignore[reportUnknownMemberType]
        found["exceptions"] = [describe(one, depth - 1) for one in inner[:5]] if depth > 1 else len(inner)
    cause = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)
    if cause is not None and depth > 1:
        found["cause"] = describe(cause, depth - 1)
    return found


def _is_literal(record: logging.LogRecord) -> bool:
    """Whether the message is a constant of a function between `logging` and the line the record is ascribed to."""
    frame = currentframe()
    while frame is not None and (_in_logging(frame) or frame.f_globals.get("__name__") == __name__):
        frame = frame.f_back
    while frame is not None:
        if record.msg in frame.f_code.co_consts:
            return True
        if frame.f_code.co_filename == record.pathname and frame.f_lineno == record.lineno:
            return False
        frame = frame.f_back
    return False


def _in_logging(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == "logging"


def _only_numbers(arguments: Mapping[str, object] | tuple[object, ...]) -> object:
    if isinstance(arguments, tuple):
        return tuple(map(_number_or_type, arguments))
    return {name: _number_or_type(value) for name, value in arguments.items()}


def _number_or_type(value: object) -> object:
    return value if type(value) in (int, float, bool) else f"<{type(value).__name__}>"


def _safe(value: object, form: re.Pattern[str]) -> str | int | float | bool | None:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, UUID):
        return str(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str) and form.fullmatch(value) and redact(value) == value:
        return value
    return WITHHELD


def _logger_name(record: logging.LogRecord) -> str:
    name = record.name
    return name if re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) and redact(name) == name else WITHHELD


def _places(traceback: TracebackType | None) -> list[str]:
    """Where the exception passed, outermost first, the last eight."""
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{traceback.tb_frame.f_globals.get('__name__')}:{code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places[-8:]


def _foreign_handlers() -> list[logging.Handler]:
    """Handlers that libraries hung on loggers of their own; what they write does not come through our formatter."""
    loggers = [item for item in logging.root.manager.loggerDict.values() if isinstance(item, logging.Logger)]
    return [handler for logger in loggers for handler in logger.handlers]


_Excepthook = Callable[[type[BaseException], BaseException, TracebackType | None], object]
_REDACTION = RedactionFilter()


def _log_uncaught(kind: type[BaseException], exception: BaseException | None, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    if exception is None:
        exception = RuntimeError(kind.__name__)
    logging.getLogger("uncaught").critical("uncaught exception", exc_info=(kind, exception, traceback))
