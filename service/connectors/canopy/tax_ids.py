"""Government ids: whatever comes, only the last four digits leave."""

from service.resources.common import TaxId

_SHOWN = 4


def to_tax_ids(kind: str, text: str | None) -> list[TaxId]:
    return [] if not text else [TaxId(kind, masked(text))]


def masked(text: str) -> str:
    """The text with every letter and digit but the last four hidden: `12-3456789` and `**-***6789` → `**-***6789`."""
    if not text[:-_SHOWN].strip("*- "):
        return text
    characters = list(text)
    shown = 0
    for position in range(len(characters) - 1, -1, -1):
        if characters[position].isalnum():
            shown += 1
            if shown > _SHOWN:
                characters[position] = "*"
    return "".join(characters)
