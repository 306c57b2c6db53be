"""Named SQL: every statement of a domain stands in its `queries.sql`, under a name and one line of purpose.

-- name: get_firm
-- One firm of an organization.
SELECT …;
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

_HEAD = re.compile(r"^-- name: (?P<name>[a-z]+(?:_[a-z0-9]+)+)\n-- (?P<purpose>\S.*)\n", re.MULTILINE)


class Query(msgspec.Struct, frozen=True):
    name: str
    purpose: str
    sql: str


def load_queries(module_file: str) -> Mapping[str, str]:
    """Name → SQL of the `queries.sql` beside the module: `SQL = load_queries(__file__)`."""
    text = Path(module_file).with_name("queries.sql").read_text(encoding="utf-8")
    return MappingProxyType({query.name: query.sql for query in parse(text)})


def parse(text: str) -> list[Query]:
    """The queries in the text, in order. ValueError for one without a purpose line or with a name taken."""
    heads = list(_HEAD.finditer(text))
    if len(heads) != text.count("-- name:"):
        raise ValueError("a query needs `-- name: verb_noun` and, on the next line, `-- its purpose`")
    if len({head["name"] for head in heads}) != len(heads):
        raise ValueError("two queries have the same name")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        Query(head["name"], head["purpose"], text[head.end() : end].strip().removesuffix(";"))
        for head, end in zip(heads, ends, strict=True)
    ]
