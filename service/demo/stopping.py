"""Ctrl-C, `kill` and a closed terminal all end a program the same way: what it opened is closed, in order."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedError(KeyboardInterrupt):
    """A signal asked us to stop; further ones are ignored while things close."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


@contextmanager
def stopping_on_signals() -> Generator[None]:
    """Within the block the first of those signals raises StoppedError."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    yield


@contextmanager
def unstoppable() -> Generator[None]:
    """Signals wait until the end of the block: for steps that would leave something behind half way."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise StoppedError(number)
