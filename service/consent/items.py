"""What a consent can be about: the nouns of the API, and which of them hold tax-return information."""

from typing import Final

from service.resources.names import RESOURCES

EVERYTHING: Final = "*"
"""Stands for all items in consents that an operator entered with a connection."""

ITEMS: Final = tuple(sorted(RESOURCES))

TAX_RETURN_ITEMS: Final = frozenset(
    {"document_requests", "documents", "folders", "messages", "organizers", "signatures", "threads"}
)
"""Where tax-return information stands (IRC §7216; assumed: what a client hands in, signs or writes to its preparer).

A firm alone cannot consent to these: either it says that it holds its clients' written consents, or each client's own
consent is entered.
"""
