"""Takes secrets and personal numbers out of text. A second net: our own logs do not hold such text anyway."""

import re
from logging import Filter, LogRecord

REDACTED = "[redacted]"

_PATTERNS = re.compile(
    r"""
      (?P<key>  \b (?i:tm_) [A-Za-z0-9_]{6,} )
    | (?P<hook> \b whsec_ [A-Za-z0-9+/=]{6,} )
    | (?P<scheme> \b (?i:bearer|basic) \s+ [^\s"',;]{6,} )
    | (?P<named> (?i: \b (?:[a-z]+_)? (?: token|secret|password|passwd|api_?key|authorization|pwd ) )
                 ["']? \s* [=:] \s* ["']? [^\s"'&,;]+ )
    | (?P<code> (?<=[?&]) (?:code|state) = [^&\s"']+ )
    | (?P<userinfo> (?<=://) [^/\s@]+ @ )
    | (?P<jwt> \b eyJ[A-Za-z0-9_-]+ \. [A-Za-z0-9_-]+ (?: \. [A-Za-z0-9_-]* )? )
    | (?P<email> [A-Za-z0-9._%+-]+ @ [A-Za-z0-9-]+ (?: \. [A-Za-z0-9-]+ )+ )
    | (?P<encoded> (?<![A-Za-z0-9+/_-]) [A-Za-z0-9+/_-]{40,} ={0,2} )
    | (?P<hex> \b [0-9a-fA-F]{32,} \b )
    | (?P<ssn> (?<![\d-]) \d{3} [- ] \d{2} [- ] \d{4} (?![\d-]) )
    | (?P<ein> (?<![\d-]) \d{2} - \d{7} (?![\d-]) )
    | (?P<card> (?<!\d) \d (?: [ -]? \d ){12,18} (?!\d) )
    """,
    re.VERBOSE,
)


def redact(text: str) -> str:
    """`text` without keys, tokens, passwords, email addresses, card numbers (Luhn), SSNs and EINs."""
    return _PATTERNS.sub(_replace, text)


class RedactionFilter(Filter):
    """For handlers and loggers of others: the message is formatted, redacted, and loses its arguments and traceback."""

    def filter(self, record: LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info is not None or record.exc_text is not None:
            kind = record.exc_info[0] if record.exc_info else None
            record.msg += f" ({kind.__name__ if kind else 'exception'})"
            record.exc_info = record.exc_text = None
        record.stack_info = None
        return True


def passes_luhn(digits: str) -> bool:
    """Whether the digits end in the check digit that payment cards have."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(double - 9 if double > 9 else double for double in doubled)) % 10 == 0


def _replace(match: re.Match[str]) -> str:
    if match.lastgroup == "card" and not passes_luhn(re.sub(r"\D", "", match[0])):
        return match[0]
    return REDACTED
