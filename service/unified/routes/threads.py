"""The noun `threads`."""

from typing import Final

from service.resources.message import Thread, ThreadCreate, ThreadUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

THREADS: Final = Noun(
    name="threads",
    singular="thread",
    prefix="thr_",
    model=Thread,
    create=ThreadCreate,
    update=ThreadUpdate,
    about="Threads are conversations with a client, with the tasks that the client is asked to do in them.",
    references={"client": "clients"},
    example={
        "object": "thread",
        "id": "thr_AZjy0VpQfSKbQ5v7tYvJ6QABOQ",
        "remote_id": "9",
        **HOME,
        "client": CLIENT_ID,
        "subject": "Missing W-2",
        "archived": False,
        "meta": {},
    },
    create_example={"client": CLIENT_ID},
    update_example={"archived": True},
)
