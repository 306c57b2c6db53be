"""The noun `messages`."""

from typing import Final

from service.resources.message import Message, MessageCreate
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

MESSAGES: Final = Noun(
    name="messages",
    singular="message",
    prefix="msg_",
    model=Message,
    create=MessageCreate,
    about="Messages are what was written in a thread.",
    references={"thread": "threads"},
    example={
        "object": "message",
        "id": "msg_AZjy0VpQfSKbQ5v7tYvJ6QABNzc",
        "remote_id": "77",
        **HOME,
        "thread": "thr_AZjy0VpQfSKbQ5v7tYvJ6QABOQ",
        "author": "Dana Reyes",
        "body": "Here it is.",
        "sent_at": "2026-02-04T08:00:00Z",
        "attachments": [],
        "meta": {},
    },
    create_example={"thread": "thr_AZjy0VpQfSKbQ5v7tYvJ6QABOQ", "body": "Thank you, all received."},
)
