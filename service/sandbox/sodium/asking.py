"""Data forms on their way: sent, answered over a magic link, and each answer accepted or rejected."""

import secrets

from service.sandbox.dice import Dice
from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.custom_values import as_text, set_custom_value
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.forms import FormBody, Forms
from service.sandbox.sodium.papers import FORM_STATUSES

_TOKEN = 54


class SendBody(wire.Body, frozen=True):
    """Whom to send a form to."""

    client_code: str = ""
    client_codes: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    message: str | None = None
    notify_user_code: str | None = None
    auto_accept_data: bool = False
    task_code: str | None = None


class AnswerBody(wire.Body, frozen=True):
    """One answer of a client."""

    question_code: str
    value: object = None


class AnswersBody(wire.Body, frozen=True):
    """All that a client answers."""

    answers: list[AnswerBody]
    email: str | None = None


class ReviewBody(wire.Body, frozen=True):
    """Whether an answer is taken over."""

    accepted: bool


class Asking:
    """What was sent of the data forms."""

    def __init__(self, firm: Firm, forms: Forms, router: Router) -> None:
        self._firm = firm
        self._requests = Collection(
            firm.form_requests,
            "/data-form-requests",
            FormBody,
            forms.make,
            firm.now_s,
            firm.clients,
            filters={
                "status": Filter(lambda row: row["status"], FORM_STATUSES, firm.papers.form_status),
                "clientCode": Filter(ref_code("client")),
                "dataFormCode": Filter(ref_code("dataForm")),
            },
            show=self._show_request,
        )
        form, sent = "/data-forms/{code}", "/data-form-requests/{code}"
        for method, pattern, handler in (
            ("POST", f"{form}/send", self._send),
            ("POST", f"{form}/send-bulk", self._send_bulk),
            ("POST", f"{sent}/resend", self._resend),
            ("PUT", f"{sent}/accept-all", self._accept_all),
            ("PUT", f"{sent}/answers/{{answer}}/review", self._review),
        ):
            router.add(method, pattern, handler)
        self._requests.add_routes(router, ("list", "get", "delete"))

    def token(self, code: str) -> str:
        """The secret of a sent form's magic link."""
        kept: str | None = self._firm.kept.get(("token", code))
        position = self._firm.form_requests.position(code)
        return kept or f"ml_{Dice(self._firm.books.seed, _TOKEN, position).roll(1 << 62):016x}"

    def find_token(self, token: str) -> int | None:
        """The sent form behind a magic link that still waits for its answers."""
        table = self._firm.form_requests.table
        for position in self._firm.form_requests.all():
            if self._status(position) == "PendingResponse" and secrets.compare_digest(
                self.token(table.id_at(position)), token
            ):
                return position
        return None

    def _status(self, position: int) -> str:
        table = self._firm.form_requests.table
        is_written = table.is_written(position)
        return str(table[position]["status"]) if is_written else self._firm.papers.form_status(position)

    def submit(self, position: int, body: AnswersBody) -> None:
        """Keeps what a client answered, and takes it over at once where that was wished."""
        table = self._firm.form_requests.table
        row = table[position]
        questions = {question["code"]: (section["title"], question)
                     for section in self._firm.forms.get(row["dataForm"]["code"])["sections"]
                     for question in section["questions"]}  # fmt: skip
        answers = [_answer(row["code"], at, given, questions) for at, given in enumerate(body.answers, 1)]
        self._requests.amend(position, {
            "status": "ResponseReceived", "submittedAt": wire.instant(self._firm.now_s()),
            "submittedByEmail": body.email, "answers": answers, "pendingReviewCount": len(answers),
        })  # fmt: skip
        if row["autoAcceptData"]:
            for answer in answers:
                self._settle(position, answer["code"], True)

    def _show_request(self, row: Json, _: Request, detail: bool) -> Json:
        if not detail:
            return {name: row[name] for name in row if name != "answers"}
        if row["status"] != "PendingResponse":
            return row
        return {**row, "magicLinkToken": self.token(row["code"])}

    def _send(self, request: Request, path: Path) -> Response:
        body = wire.read(request, SendBody)
        form = self._sendable(path["code"])
        return self._requests.answer(self._send_to(form, body.client_code, body), request, 201)

    def _send_bulk(self, request: Request, path: Path) -> Response:
        body = wire.read(request, SendBody)
        form = self._sendable(path["code"])
        if not body.client_codes:
            raise invalid("clientCodes", "The field clientCodes is required.")
        for code in body.client_codes:
            self._firm.client(code, "clientCodes")
        sent = [self._send_to(form, code, body)["code"] for code in body.client_codes]
        return json_response(201, {"sentCount": len(sent), "requestCodes": sent})

    def _sendable(self, code: str) -> Json:
        form = self._firm.forms.get(code)
        if form["status"] != "Published":
            raise conflict("The form is not published.")
        return form

    def _send_to(self, form: Json, client_code: str, body: SendBody) -> Json:
        firm = self._firm
        client, reference = firm.client(client_code, "clientCode")
        email = firm.clients.table[client]["email"]
        emails = body.emails or ([email] if email else [])
        if not emails:
            raise invalid("emails", "The client has no e-mail address.")
        firm.kept["token", firm.form_requests.table.next_id()] = f"ml_{secrets.token_hex(16)}"
        return self._requests.keep_new({
            "dataForm": wire.ref(form["code"], form["name"]),
            "client": reference,
            "status": "PendingResponse",
            "submittedAt": None,
            "submittedByEmail": None,
            "notifyUser": firm.user(body.notify_user_code, "notifyUserCode"),
            "autoAcceptData": body.auto_accept_data,
            "message": body.message,
            "sentToEmails": emails,
            "sentAt": wire.instant(firm.now_s()),
            "answers": [],
            "pendingReviewCount": 0,
            "task": firm.named(firm.tasks, body.task_code, "taskCode"),
        }, client)  # fmt: skip

    def _resend(self, request: Request, path: Path) -> Response:
        position = self._firm.form_requests.position(path["code"])
        if self._firm.form_requests.table[position]["status"] != "PendingResponse":
            raise conflict("The form was answered already.")
        sent = self._requests.amend(position, {"sentAt": wire.instant(self._firm.now_s())})
        return self._requests.answer(sent, request)

    def _review(self, request: Request, path: Path) -> Response:
        position = self._firm.form_requests.position(path["code"])
        self._settle(position, path["answer"], wire.read(request, ReviewBody).accepted)
        return self._requests.answer(self._firm.form_requests.table[position], request)

    def _accept_all(self, request: Request, path: Path) -> Response:
        position = self._firm.form_requests.position(path["code"])
        for answer in self._firm.form_requests.table[position]["answers"]:
            if answer["reviewStatus"] == "Pending":
                self._settle(position, answer["code"], True)
        return self._requests.answer(self._firm.form_requests.table[position], request)

    def _settle(self, position: int, code: str, accepted: bool) -> None:
        """Accepts or rejects one answer; accepting writes it to the client's record."""
        row = self._firm.form_requests.table[position]
        answer: Json | None = next((each for each in row["answers"] if each["code"] == code), None)
        if answer is None:
            raise missing("Answer")
        if answer["reviewStatus"] != "Pending":
            raise conflict(f"The answer is {answer['reviewStatus'].lower()} already.")
        if accepted and answer["mapping"]:
            self._write_through(row["client"]["code"], answer["mapping"], answer["value"])
        said = {"reviewStatus": "Accepted" if accepted else "Rejected", "reviewedByUser": self._firm.me,
                "reviewedDate": wire.instant(self._firm.now_s())}  # fmt: skip
        answers = [{**each, **said} if each["code"] == code else each for each in row["answers"]]
        pending = sum(each["reviewStatus"] == "Pending" for each in answers)
        self._requests.amend(position, {"answers": answers, "pendingReviewCount": pending})

    def _write_through(self, client_code: str, mapping: Json, value: object) -> None:
        firm = self._firm
        if mapping["target"] == "CustomField":
            set_custom_value(firm, client_code, mapping["field"], as_text(value), "answer")
            return
        if not isinstance(value, str):
            raise conflict("The answer is no text.")
        position = firm.clients.position(client_code)
        now_s = firm.now_s()
        row = {**firm.clients.table[position], mapping["field"]: value, "updatedDate": wire.instant(now_s)}
        firm.clients.put(position, row, now_s)


class MagicLinks:
    """The anonymous page on which a client answers a form (its path is assumed)."""

    def __init__(self, desks: list[Asking], router: Router) -> None:
        self._desks = desks
        router.add("POST", "/data-forms/respond/{token}", self._respond)

    def _respond(self, request: Request, path: Path) -> Response:
        for desk in self._desks:
            position = desk.find_token(path["token"])
            if position is not None:
                desk.submit(position, wire.read(request, AnswersBody))
                return Response(204)
        raise missing("Form")


def _answer(request_code: str, number: int, given: AnswerBody, questions: dict[str, tuple[str, Json]]) -> Json:
    if given.question_code not in questions:
        raise invalid(f"answers[{number - 1}].questionCode", f"There is no question '{given.question_code}'.")
    section, question = questions[given.question_code]
    return {
        "code": f"{request_code.replace('FR', 'AN')}{number}",
        "question": wire.ref(question["code"], question["text"]),
        "section": section,
        "questionType": question["questionType"],
        "mapping": question["mapping"],
        "value": given.value,
        "reviewStatus": "Pending",
        "reviewedByUser": None,
        "reviewedDate": None,
    }
