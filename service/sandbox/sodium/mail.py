"""Operations on e-mail, the only messages Sodium has: conversations of a connected mailbox, seen whole or by client.

All paths and field names but the two groups' existence are assumed.
"""

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Filter, Path
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.papers import OFFICE

_MAILBOX = "/email/mailbox/{config}"
_CONFIGS: tuple[Json, ...] = (
    {"code": "EC100001", "name": "Office", "provider": "Microsoft365", "emailAddress": OFFICE, "isDefault": True,
     "readEnabled": True, "sendEnabled": True},
    {"code": "EC100002", "name": "Newsletter", "provider": "Smtp", "emailAddress": "news@larkspurfinch.example",
     "isDefault": False, "readEnabled": False, "sendEnabled": True},
)  # fmt: skip
_DIRECTIONS = ("Inbound", "Outbound")


class MailBody(wire.Body, frozen=True):
    """An e-mail to send; a reply needs the body alone."""

    body: str
    subject: str | None = None
    to: tuple[str, ...] = ()


class Mail:
    """The mailboxes of one tenant. A conversation is a row that holds its messages."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        self._conversations = Collection(
            firm.conversations,
            f"{_MAILBOX}/conversations",
            MailBody,
            self._make,
            firm.now_s,
            firm.clients,
            filters={"direction": Filter(lambda row: row["lastDirection"], _DIRECTIONS)},
            search=("subject", "from"),
            show=_shown,
        )
        by_client = Collection(
            firm.conversations,
            "/clients/{client}/emails",
            MailBody,
            self._make,
            firm.now_s,
            firm.clients,
            filters={"direction": Filter(lambda row: row["lastDirection"], _DIRECTIONS)},
            search=("subject", "from"),
            show=_shown,
        )
        by_client.add_routes(router, ("list",))
        for method, pattern, handler in (
            ("GET", "/email/configs", self._configs),
            ("GET", "/email/configs/{config}", self._config),
            ("GET", f"{_MAILBOX}/conversations", self._list),
            ("GET", f"{_MAILBOX}/conversations/{{code}}", self._get),
            ("GET", f"{_MAILBOX}/messages", self._messages),
            ("GET", f"{_MAILBOX}/messages/{{message}}", self._message),
            ("POST", f"{_MAILBOX}/messages", self._send),
            ("POST", f"{_MAILBOX}/messages/{{message}}/reply", self._reply),
        ):
            router.add(method, pattern, handler)

    def _configs(self, request: Request, _: Path) -> Response:
        return wire.page(_CONFIGS, wire.window(request), lambda config: config)

    def _config(self, request: Request, path: Path) -> Response:
        return json_response(200, _known(path))

    def _list(self, request: Request, path: Path) -> Response:
        _readable(path)
        return self._conversations.list(request, path)

    def _get(self, request: Request, path: Path) -> Response:
        _readable(path)
        return self._conversations.get(request, path)

    def _messages(self, request: Request, path: Path) -> Response:
        """All messages one after the other: every seeded conversation has two, later ones are counted."""
        _readable(path)
        wanted = wire.choices(request, "direction", _DIRECTIONS)
        rows = self._firm.conversations
        found = [
            (position, place)
            for position in rows.all()
            for place in range(len(rows.table[position]["messages"]))
            if not wanted or rows.table[position]["messages"][place]["direction"] in wanted
        ]
        return wire.page(found, wire.window(request), lambda at: rows.table[at[0]]["messages"][at[1]])

    def _message(self, request: Request, path: Path) -> Response:
        _readable(path)
        return json_response(200, self._find(path["message"])[1])

    def _send(self, request: Request, path: Path) -> Response:
        _sendable(path)
        made = self._make(wire.read(request, MailBody), None, None)
        code = self._firm.conversations.table.next_id()
        made["messages"] = [{**message, "code": f"{code}M1", "conversationCode": code} for message in made["messages"]]
        return json_response(201, self._conversations.keep_new(made)["messages"][0])

    def _reply(self, request: Request, path: Path) -> Response:
        _sendable(path)
        position, asked = self._find(path["message"])
        row = self._firm.conversations.table[position]
        to = [asked["from"]] if asked["direction"] == "Inbound" else asked["to"]
        number = len(row["messages"]) + 1
        now = wire.instant(self._firm.now_s())
        body = wire.read(request, MailBody).body
        sent = {**_message(f"Re: {row['subject']}", body, OFFICE, to, now), "code": f"{row['code']}M{number}",
                "conversationCode": row["code"]}  # fmt: skip
        changes = {"messages": [*row["messages"], sent], "messageCount": number, "lastDirection": "Outbound",
                   "lastMessageDate": now}  # fmt: skip
        self._conversations.amend(position, changes)
        return json_response(201, sent)

    def _find(self, code: str) -> tuple[int, Json]:
        position = self._firm.conversations.table.find(code.partition("M")[0])
        if position is not None:
            for message in self._firm.conversations.table[position]["messages"]:
                if message["code"] == code:
                    return position, message
        raise missing("Message")

    def _make(self, body: MailBody, old: Json | None, client: int | None) -> Json:
        if not body.to:
            raise invalid("to", "The field to is required.")
        now = wire.instant(self._firm.now_s())
        subject = body.subject or "(no subject)"
        first = _message(subject, body.body, OFFICE, list(body.to), now)
        return {"subject": subject, "from": OFFICE, "messageCount": 1, "lastDirection": "Outbound",
                "lastMessageDate": now, "messages": [first]}  # fmt: skip


def _message(subject: str, body: str, sender: str, to: list[str], at: str) -> Json:
    return {"subject": subject, "bodyText": body, "from": sender, "to": to, "date": at,
            "direction": "Outbound" if sender == OFFICE else "Inbound", "isRead": True, "attachments": []}  # fmt: skip


def _known(path: Path) -> Json:
    found = next((config for config in _CONFIGS if config["code"] == path["config"]), None)
    if found is None:
        raise missing("Email configuration")
    return found


def _readable(path: Path) -> None:
    if not _known(path)["readEnabled"]:
        raise conflict("Reading is not enabled on this configuration.")


def _sendable(path: Path) -> None:
    _readable(path)
    if not _known(path)["sendEnabled"]:
        raise conflict("Sending is not enabled on this configuration.")


def _shown(row: Json, _: Request, detail: bool) -> Json:
    """Lists leave the messages out."""
    return row if detail else {name: row[name] for name in row if name != "messages"}
