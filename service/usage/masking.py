"""Bodies as they may be kept: no secrets, no government ids, no card numbers, and not too long."""

import re
from typing import Final, cast

import msgspec

from service.api.screen import has_number

MASKED: Final = "[masked]"
REMOVED: Final = "[removed]"
MAX_CHARACTERS: Final = 32 * 1024

_SECRET: Final = re.compile(
    r"secret|passw|pwd|token|api[_-]?key|authori[sz]ation|credential|private[_-]?key|cookie"
    r"|(?:^|[_-])(?:cvv|cvc|pin|otp)$",
    re.IGNORECASE,
)
_GOVERNMENT: Final = re.compile(
    r"ssn|social[_-]?security|(?:^|[_-])f?ein$|itin|nino|(?:^|[_-])(?:utr|tin)$"
    r"|tax[_-]?(?:payer)?[_-]?(?:id|number|no|ref)|PrimaryTax|national[_-]?(?:id|insurance)|passport"
    r"|driv\w*[_-]?licen|government[_-]?id",
    re.IGNORECASE,
)
_TOKENS: Final = re.compile(
    r"\btm_\w{6,}|\bwhsec_[\w+/=]{6,}|\b(?:bearer|basic)\s+[^\s\"',;]{6,}|\beyJ[\w-]+\.[\w.-]+"
    r"|(?<![\d-])(?:\d{3}[- ]\d\d[- ]\d{4}|\d\d-\d{7})(?![\d-])",
    re.IGNORECASE,
)
_encode: Final = msgspec.json.Encoder().encode


def masked(body: bytes) -> str | None:
    """JSON as text, indented, its end cut off where it is long; None for what is no JSON and for nothing."""
    try:
        value = msgspec.json.decode(body)
        text = msgspec.json.format(_encode(_masked("", value)), indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\n… cut off"


def _masked(name: str, value: object) -> object:
    match value:
        case None | bool():
            return value
        case _ if _SECRET.search(name):
            return REMOVED
        case _ if _GOVERNMENT.search(name):
            return MASKED
        case dict():
            return {_text("", key): _masked(key, inner) for key, inner in cast(dict[str, object], value).items()}
        case list():
            return [_masked(name, inner) for inner in cast(list[object], value)]
        case str():
            return _text(name, value)
        case _:
            return MASKED if has_number(name, str(value)) else value


def _text(name: str, text: str) -> str:
    return MASKED if has_number(name, text) else _TOKENS.sub(MASKED, text)
