"""What writes take, as JSON Schema 2020-12: the very types that decode them."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from service.api.bodies import encode
from service.api.call import Answer, Call
from service.api.sentences import describe
from service.unified.noun import Noun

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class NounSchema(Struct, frozen=True, kw_only=True, tag_field="object", tag="schema", rename={"of": "noun"}):
    """What can be written of a noun."""

    of: str
    create: dict[str, Any] | None
    """The body of `POST`, as a JSON Schema 2020-12 of its own; null where there is none."""
    update: dict[str, Any] | None
    """The body of `PATCH`."""


def schema_answer(noun: Noun) -> Answer:
    """The schemas of a noun."""
    return Answer(
        200, encode(NounSchema(of=noun.name, create=_schema(noun.create, noun), update=_schema(noun.update, noun)))
    )


def _schema(type_: type[Any] | None, noun: Noun) -> dict[str, Any] | None:
    if type_ is None:
        return None
    (schema,), definitions = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    describe(definitions, [type_])
    title = f"{'Create' if type_ is noun.create else 'Update'} one {noun.singular.replace('_', ' ')}"
    return {"$schema": _DIALECT, "title": title, **schema, "$defs": definitions}


class Schemas:
    """The schemas of all nouns, each made when it is first asked for."""

    def __init__(self) -> None:
        self._kept: dict[str, Answer] = {}

    async def get(self, _call: Call, noun: Noun) -> Answer:
        """The schemas of one noun."""
        kept = self._kept.get(noun.name)
        if kept is None:
            kept = self._kept[noun.name] = schema_answer(noun)
        return kept
