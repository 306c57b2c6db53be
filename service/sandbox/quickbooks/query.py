"""The query language: `SELECT * | count(*) FROM Entity [WHERE …] [ORDERBY p] [STARTPOSITION n] [MAXRESULTS n]`.

Conditions are joined by AND alone. That `ORDER BY` in two words and MAXRESULTS before STARTPOSITION work too is known
from recorded traffic. Source, read 2026-11-20:
https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
"""

import re
from typing import Literal, TypeAlias

import msgspec

from service.sandbox.quickbooks.errors import FaultError

Operator: TypeAlias = Literal["=", "<", ">", "<=", ">=", "IN", "LIKE"]

DEFAULT_RESULTS = 100
MAX_RESULTS = 1000

_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|(<=|>=|[=<>(),*])|([A-Za-z_][A-Za-z0-9_.]*)|(-?\d+(?:\.\d+)?))")


class Condition(msgspec.Struct, frozen=True):
    """One `property operator value`; values are text as written, without quotes."""

    path: str
    operator: Operator
    values: tuple[str, ...]


class Order(msgspec.Struct, frozen=True):
    """What to sort by."""

    path: str
    descending: bool


class Query(msgspec.Struct, frozen=True):
    """A statement that was understood. `start` counts from 1; `size` None is not said."""

    entity: str
    counts: bool
    conditions: tuple[Condition, ...]
    order: Order | None
    start: int
    size: int | None

    @property
    def page_size(self) -> int:
        """100 unless said, never more than 1000."""
        return DEFAULT_RESULTS if self.size is None else min(self.size, MAX_RESULTS)


class _Token(msgspec.Struct, frozen=True):
    kind: Literal["text", "symbol", "word", "number", "end"]
    value: str


def parse(statement: str) -> Query:
    """The statement; FaultError 4001 for anything outside the grammar."""
    return _Parser(_tokens(statement)).query()


def _tokens(statement: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    end = len(statement.rstrip())
    while position < end:
        match = _TOKEN.match(statement, position)
        if match is None:
            raise _unreadable(f"Encountered {statement[position : position + 10]!r} at column {position + 1}")
        text, symbol, word, number = match.groups()
        if text is not None:
            found.append(_Token("text", re.sub(r"\\(.)", r"\1", text)))
        elif symbol is not None:
            found.append(_Token("symbol", symbol))
        elif word is not None:
            found.append(_Token("word", word))
        else:
            found.append(_Token("number", number))
        position = match.end()
    found.append(_Token("end", "<EOF>"))
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        self._keyword("SELECT")
        counts = self._selection()
        self._keyword("FROM")
        entity = self._word()
        conditions = self._where() if self._skip("WHERE") else ()
        order = self._order()
        start, size = self._paging()
        if self._now.kind != "end":
            raise _unreadable(f"Encountered {self._now.value!r}")
        return Query(entity, counts, conditions, order, start, size)

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _selection(self) -> bool:
        if self._skip_symbol("*"):
            return False
        self._keyword("COUNT")
        for symbol in ("(", "*", ")"):
            self._symbol(symbol)
        return True

    def _where(self) -> tuple[Condition, ...]:
        conditions = [self._condition()]
        while self._skip("AND"):
            conditions.append(self._condition())
        return tuple(conditions)

    def _condition(self) -> Condition:
        path = self._word()
        if self._skip("IN"):
            self._symbol("(")
            values = [self._value()]
            while self._skip_symbol(","):
                values.append(self._value())
            self._symbol(")")
            return Condition(path, "IN", tuple(values))
        if self._skip("LIKE"):
            return Condition(path, "LIKE", (self._value(),))
        for operator in ("<=", ">=", "=", "<", ">"):
            if self._skip_symbol(operator):
                return Condition(path, operator, (self._value(),))
        raise _unreadable(f"Encountered {self._now.value!r} after {path}")

    def _order(self) -> Order | None:
        if self._skip("ORDER"):
            self._keyword("BY")
        elif not self._skip("ORDERBY"):
            return None
        path = self._word()
        descending = self._skip("DESC")
        if not descending:
            self._skip("ASC")
        return Order(path, descending)

    def _paging(self) -> tuple[int, int | None]:
        start: int | None = None
        size: int | None = None
        while True:
            if start is None and self._skip("STARTPOSITION"):
                start = self._positive()
            elif size is None and self._skip("MAXRESULTS"):
                size = self._positive()
            else:
                return 1 if start is None else start, size

    def _positive(self) -> int:
        token = self._now
        if token.kind != "number" or "." in token.value:
            raise _unreadable(f"Encountered {token.value!r} where a number was expected")
        if int(token.value) < 1:
            raise _unreadable(f"value {token.value} is too small. Min allowed value is 1")
        self._at += 1
        return int(token.value)

    def _value(self) -> str:
        token = self._now
        is_literal = token.kind in {"text", "number"} or token.value.lower() in {"true", "false"}
        if not is_literal:
            raise _unreadable(f"Encountered {token.value!r} where a value was expected")
        self._at += 1
        return token.value

    def _word(self) -> str:
        token = self._now
        if token.kind != "word":
            raise _unreadable(f"Encountered {token.value!r} where a name was expected")
        self._at += 1
        return token.value

    def _keyword(self, word: str) -> None:
        if not self._skip(word):
            raise _unreadable(f"Encountered {self._now.value!r}, was expecting {word}")

    def _symbol(self, symbol: str) -> None:
        if not self._skip_symbol(symbol):
            raise _unreadable(f"Encountered {self._now.value!r}, was expecting {symbol!r}")

    def _skip(self, word: str) -> bool:
        found = self._now.kind == "word" and self._now.value.upper() == word
        self._at += found
        return found

    def _skip_symbol(self, symbol: str) -> bool:
        found = self._now.kind == "symbol" and self._now.value == symbol
        self._at += found
        return found


def _unreadable(detail: str) -> FaultError:
    return FaultError("4001", f"QueryParserError: {detail}")
