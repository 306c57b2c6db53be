"""Conversations with a client: threads, the messages in them, and the client's tasks inside a thread."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta


class ClientTask(Struct, frozen=True, gc=False, kw_only=True):
    """A thing the client is asked to do, inside a thread."""

    id: str
    text: str
    done: bool


class Thread(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="thread"):
    """A conversation with a client."""

    id: str
    """`thr_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    subject: str | None | UnsetType = UNSET
    task: str | None | UnsetType = UNSET
    archived: bool
    client_tasks: list[ClientTask] | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class ThreadCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new conversation with a client, still without messages."""

    client: str
    """`cli_…`."""
    subject: str | UnsetType = UNSET
    task: str | UnsetType = UNSET
    """`tsk_…`: the work that it is about."""


class ClientTaskInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task to give the client, which needs a `text`; with the `id` of one, a change of it."""

    id: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    done: bool | UnsetType = UNSET


class ThreadUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a thread. A field left out stays as it is; null empties it."""

    subject: str | UnsetType = UNSET
    task: str | None | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    client_task: ClientTaskInput | UnsetType = UNSET
    """One task of the client's in this thread, new or changed; the others stay. Some vendors want it said alone."""


class Message(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="message"):
    """What was written in a thread."""

    id: str
    """`msg_…`."""
    remote_id: str
    connection: str
    account: str
    thread: str
    """`thr_…`."""
    author: str | None
    body: str
    sent_at: datetime | None
    attachments: list[str]
    """`doc_…`."""
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class MessageCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to send, in the name of the login behind the connection."""

    thread: str
    """`thr_…`."""
    body: str
    attachments: list[str] | UnsetType = UNSET
    """`doc_…`: documents that are there already."""
