"""What the service logs while it runs in the process of the tests, written as it writes it."""

import io
import logging
from collections.abc import Generator
from contextlib import contextmanager

from service.telemetry.logs import JsonLines, LiteralFilter


@contextmanager
def lines_logged() -> Generator[io.StringIO]:
    """Every line of the block. The service's own stream may belong to a capture that is over by now."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(LiteralFilter())
    logging.getLogger().addHandler(handler)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(handler)
