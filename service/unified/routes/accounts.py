"""The noun `accounts`."""

from typing import Final

from service.resources.user import LinkedAccount
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

ACCOUNTS: Final = Noun(
    name="accounts",
    singular="account",
    prefix="acc_",
    model=LinkedAccount,
    about="Accounts are the books of records that the login behind a connection can reach.",
    example={
        "object": "account",
        "id": "acc_AZjy0VpQfSKbQ5v7tYvJ6QABYWNjXzI",
        "remote_id": "acc_2",
        **HOME,
        "name": "Northwind LLC",
        "linked": True,
        "meta": {},
    },
)
