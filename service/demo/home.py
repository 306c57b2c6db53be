"""Where a demonstration keeps its data and its secrets, and how it keeps a second one away from them."""

import fcntl
import os
import secrets
import shutil
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

DIRECTORY: Final = Path(".tickmark/demo")
_LOCK: Final = "lock"
_SECRETS: Final = "secrets.json"


class DemoError(Exception):
    """One line for the person at the terminal."""


class Secrets(msgspec.Struct, frozen=True):
    """Made once for each directory; each is 32 bytes in base64."""

    pepper: str
    key_encryption_key: str
    cursor_key: str

    def __repr__(self) -> str:
        return "Secrets(…)"


@contextmanager
def occupied(directory: Path, *, reset: bool) -> Generator[Path]:
    """The directory, ours alone for the length of the block; emptied first if `reset`. Raises DemoError."""
    directory = directory.resolve()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_another_home(directory)
        lock = (directory / _LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise DemoError(f"{directory} cannot be used: {error.strerror}.") from None
    with lock:
        _lock_or_refuse(lock.fileno(), directory)
        if reset:
            _empty(directory)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield directory


def kept_secrets(directory: Path) -> Secrets:
    """The secrets of this directory, made when there are none; only its owner can read the file."""
    path = directory / _SECRETS
    if path.exists():
        try:
            return msgspec.json.decode(path.read_bytes(), type=Secrets)
        except msgspec.DecodeError:
            raise DemoError(f"{path} is damaged; start afresh with --reset.") from None
    made = Secrets(*(b64encode(secrets.token_bytes(32)).decode() for _ in range(3)))
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(made))
    fresh.replace(path)
    return made


def _refuse_another_home(directory: Path) -> None:
    """A demo owns all of its directory, and `--reset` empties it: never one that held other things before."""
    lock = directory / _LOCK
    is_ours = lock.is_file() and (lock.read_bytes() or b"0").isdigit()
    if not is_ours and any(directory.iterdir()):
        raise DemoError(f"{directory} holds other things; give the demo an empty --directory, or a new one.")


def _lock_or_refuse(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = (directory / _LOCK).read_text(encoding="utf-8") or "unknown"
        raise DemoError(
            f"A demo runs in {directory} already (process {holder}); stop it, or give this one another --directory."
        ) from None


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.name == _LOCK:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
