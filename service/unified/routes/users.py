"""The noun `users`."""

from typing import Final

from service.resources.user import User, UserCreate, UserUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

USERS: Final = Noun(
    name="users",
    singular="user",
    prefix="usr_",
    model=User,
    create=UserCreate,
    update=UserUpdate,
    about="Users are the people who work at the firm, and how well their sign-in is protected where that is known.",
    example={
        "object": "user",
        "id": "usr_AZjy0VpQfSKbQ5v7tYvJ6QABdXNyXzk5",
        "remote_id": "usr_99",
        **HOME,
        "name": "Morgan Vale",
        "emails": [{"address": "morgan@birchvale.example", "label": None}],
        "role": "partner",
        "meta": {},
    },
    create_example={"given_name": "Robin", "family_name": "Ashe", "emails": [{"address": "robin@birchvale.example"}]},
    update_example={"status": "inactive"},
)
