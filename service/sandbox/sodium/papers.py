"""What is asked of clients and what they send: documents, document requests, data forms and the answers to them."""

from service.sandbox import names
from service.sandbox.books import AS_OF, Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.shapes import Shape, counts
from service.sandbox.sodium.clients import People
from service.sandbox.sodium.staff import BORN_S, DOCUMENT_CATEGORIES, code, user_ref
from service.sandbox.sodium.wire import instant, ref

REVIEW_STATUSES = ("Approved", "PendingReview", "Rejected")
APPROVAL_STATUSES = ("None", "Pending", "Approved", "Rejected")
REQUEST_STATUSES = ("Draft", "Open", "Submitted", "Accepted", "Rejected", "Cancelled")
FORM_STATUSES = ("PendingResponse", "ResponseReceived")
QUESTIONS = (
    ("Your business", "What is your telephone number?", "Text", {"target": "ClientField", "field": "telephone"}),
    ("Your business", "Which tier suits you?", "Select", {"target": "CustomField", "field": "CF100001"}),
    ("Your business", "How many people work for you?", "Number", {"target": "CustomField", "field": "CF100002"}),
    ("The year", "Did you move this year?", "Boolean", None),
    ("The year", "When did your year end?", "Date", None),
    ("The year", "What else should we know?", "Text", None),
)
FORMS = ("Year-end questionnaire", "New client details", "Payroll starter")
OFFICE = "office@larkspurfinch.example"
_DOCUMENT, _REQUEST, _FORM, _MAIL = 51, 52, 53, 55
_AS_OF_S = int(AS_OF.timestamp())
_TITLES = ("Engagement letter", "Accounts for approval", "Bank statement", "Blurred receipt", "Signed accounts")
_REVIEW = ("Approved", "Approved", "PendingReview", "Rejected", "Approved")
_APPROVAL = ("None", "Pending", "None", "None", "Approved")


def _requests(shape: Shape) -> int:
    return 2 if shape.tasks >= 5 else 1 if shape.tasks >= 2 else 0


class Papers:
    """Builds documents, requests and forms."""

    def __init__(self, books: Books, people: People) -> None:
        self._books = books
        self._people = people
        self.documents = Layout(counts(lambda shape: shape.tasks), books.clients)
        self.requests = Layout(counts(_requests), books.clients)
        self.conversations = Layout(counts(lambda shape: 1 if shape.email and shape.tasks else 0), books.clients)
        self.form_requests = Layout(counts(lambda shape: 1 if shape.tasks in {2, 4} else 0), books.clients)

    def document(self, row: int) -> Json:
        """A client's document, without its download link."""
        number, place = self.documents.locate(row)
        approval = _APPROVAL[place]
        by_client = _REVIEW[place] != "Approved"
        at_s = self.document_updated_s(row)
        manager = user_ref(number % 4)
        contact = self._contact(number)
        title = _TITLES[place]
        return {
            "code": code("DC", row),
            "client": self._people.ref(number),
            "category": ref(code("CA", place % len(DOCUMENT_CATEGORIES)), DOCUMENT_CATEGORIES[place % 4]),
            "title": title,
            "summary": None,
            "date": instant(at_s)[:10],
            "originalFileName": f"{names.slug(title)}-{row + 1}.pdf",
            "contentType": "application/pdf",
            "fileSize": 2_000 + Dice(self._books.seed, _DOCUMENT, row).roll(60_000),
            "storageType": "AzureBlob",
            "reviewStatus": _REVIEW[place],
            "uploadedByContact": contact if by_client else None,
            "reviewedByUser": manager if _REVIEW[place] == "Rejected" else None,
            "reviewedDate": instant(at_s) if _REVIEW[place] == "Rejected" else None,
            "clientApprovalStatus": approval,
            "clientApprovalRequestedByUser": manager if approval != "None" else None,
            "clientApprovalRequestedDate": instant(at_s) if approval != "None" else None,
            "clientApprovalNote": "All in order" if approval == "Approved" else None,
            "clientApprovalContact": contact if approval == "Approved" else None,
            "clientApprovalDate": instant(at_s) if approval == "Approved" else None,
            "clientApprovalIpAddress": "203.0.113.77" if approval == "Approved" else None,
            "createdDate": instant(at_s),
            "updatedDate": instant(at_s),
        }

    def review_status(self, row: int) -> str:
        """A document's review status, without the document."""
        return _REVIEW[self.documents.locate(row)[1]]

    def approval_status(self, row: int) -> str:
        """A document's approval status, without the document."""
        return _APPROVAL[self.documents.locate(row)[1]]

    def document_updated_s(self, row: int) -> int:
        """When a document last changed."""
        return _AS_OF_S - Dice(self._books.seed, _DOCUMENT, row, 1).roll(400 * 86_400)

    def request(self, row: int) -> Json:
        """A request for documents, with what came of it."""
        number, place = self.requests.locate(row)
        dice = Dice(self._books.seed, _REQUEST, row)
        status = dice.pick(REQUEST_STATUSES)
        at = instant(self.request_updated_s(row))
        answered = status in {"Submitted", "Accepted", "Rejected"}
        documents = self.documents.rows_of(number)
        brought = [self.document(documents[2])] if answered and len(documents) > 2 else []
        return {
            "code": code("DR", row),
            "client": self._people.ref(number),
            "title": ("Bank statements for the year", "Proof of address")[place],
            "description": "One file for each account, please.",
            "status": status,
            "deadline": instant(_AS_OF_S + dice.between(-60, 60) * 86_400)[:10],
            "documentCount": len(brought),
            "notifyUser": user_ref(number % 4),
            "createdByUser": user_ref(number % 4),
            "task": None,
            "documents": [ref(document["code"], document["title"]) for document in brought],
            "responses": [self._response(number, row, status, at)] if answered else [],
            "createdDate": at,
            "updatedDate": at,
        }

    def request_status(self, row: int) -> str:
        """A document request's status, without the request."""
        return Dice(self._books.seed, _REQUEST, row).pick(REQUEST_STATUSES)

    def request_updated_s(self, row: int) -> int:
        """When a document request last changed."""
        return _AS_OF_S - Dice(self._books.seed, _REQUEST, row, 1).roll(200 * 86_400)

    def form(self, row: int) -> Json:
        """A form of the practice; the last one is not yet published."""
        at = instant(BORN_S)
        asked = QUESTIONS[: 6 - row]
        sections = sorted({section for section, *_ in asked}, reverse=True)
        return {
            "code": code("DF", row),
            "name": FORMS[row],
            "description": f"{FORMS[row]}, three minutes",
            "category": ref("FC100001", "Yearly"),
            "status": "Draft" if row == 2 else "Published",
            "version": 1,
            "libraryCode": "LF100001" if row == 0 else None,
            "sections": [
                {
                    "title": section,
                    "sortOrder": order,
                    "questions": [
                        _question(row, at_question)
                        for at_question, question in enumerate(asked)
                        if question[0] == section
                    ],
                }
                for order, section in enumerate(sections)
            ],
            "createdDate": at,
            "updatedDate": at,
        }

    def form_request(self, row: int) -> Json:
        """A form sent to a client, with the answers; the magic link's token is put in when answered."""
        number, _ = self.form_requests.locate(row)
        dice = Dice(self._books.seed, _FORM, row)
        client = self._books.client(number)
        has_answered = self.form_status(row) != "PendingResponse"
        at = instant(self.form_request_updated_s(row))
        answers = [answer(row, at_question, _given(dice, at_question)) for at_question in range(6)]
        return {
            "code": code("FR", row),
            "dataForm": ref(code("DF", 0), FORMS[0]),
            "client": self._people.ref(number),
            "status": self.form_status(row),
            "submittedAt": at if has_answered else None,
            "submittedByEmail": client.email if has_answered else None,
            "notifyUser": user_ref(number % 4),
            "autoAcceptData": False,
            "message": "A few questions before we begin.",
            "sentToEmails": [client.email] if client.email else [],
            "sentAt": at,
            "answers": answers if has_answered else [],
            "pendingReviewCount": len(answers) if has_answered else 0,
            "task": None,
            "createdDate": at,
            "updatedDate": at,
        }

    def form_status(self, row: int) -> str:
        """A sent form's status, without the form."""
        return FORM_STATUSES[Dice(self._books.seed, _FORM, row, 2).roll(3) > 0]

    def form_request_updated_s(self, row: int) -> int:
        """When a sent form last changed."""
        return _AS_OF_S - Dice(self._books.seed, _FORM, row, 1).roll(200 * 86_400)

    def conversation(self, row: int) -> Json:
        """An exchange of two e-mails with a client (field names assumed)."""
        number, _ = self.conversations.locate(row)
        address = self._books.client(number).email
        name = code("CV", row)
        at_s = self.conversation_updated_s(row)
        subject = ("Question about the return", "Our new address", "Payroll in July")[number % 3]
        common: Json = {"conversationCode": name, "subject": subject, "isRead": True, "attachments": []}
        asked = {"code": f"{name}M1", **common, "bodyText": "Could you have a look?", "from": address,
                 "to": [OFFICE], "date": instant(at_s - 86_400), "direction": "Inbound"}  # fmt: skip
        said = {"code": f"{name}M2", **common, "bodyText": "We will.", "from": OFFICE, "to": [address],
                "date": instant(at_s), "direction": "Outbound"}  # fmt: skip
        return {
            "code": name,
            "subject": subject,
            "from": address,
            "messageCount": 2,
            "lastDirection": "Outbound",
            "lastMessageDate": instant(at_s),
            "messages": [asked, said],
            "createdDate": instant(at_s - 86_400),
            "updatedDate": instant(at_s),
        }

    def conversation_updated_s(self, row: int) -> int:
        """When the last e-mail of a conversation was sent."""
        return _AS_OF_S - Dice(self._books.seed, _MAIL, row).roll(150 * 86_400)

    def _response(self, number: int, row: int, status: str, at: str) -> Json:
        is_reviewed = status != "Submitted"
        return {
            "code": code("RS", row),
            "comment": "Here they are.",
            "submittedByContact": self._contact(number),
            "submittedDate": at,
            "accepted": status == "Accepted" if is_reviewed else None,
            "reviewNote": "Page two is missing." if status == "Rejected" else None,
            "reviewedByUser": user_ref(number % 4) if is_reviewed else None,
            "reviewedDate": at if is_reviewed else None,
        }

    def _contact(self, number: int) -> Json | None:
        if not self._people.ties.rows_of(number):
            return None
        tie = self._people.tie(self._people.ties.rows_of(number)[0])
        contact = self._people.contact(int(tie["code"].removeprefix("CT")) - 100_001)
        return ref(tie["code"], f"{contact['firstName']} {contact['lastName']}")


def answer(request_row: int, question: int, value: object) -> Json:
    """One answer, waiting for review."""
    section, text, kind, mapping = QUESTIONS[question]
    return {
        "code": f"AN{100_001 + request_row}{question + 1}",
        "question": ref(f"QN1{question + 1:05d}", text),
        "section": section,
        "questionType": kind,
        "mapping": mapping,
        "value": value,
        "reviewStatus": "Pending",
        "reviewedByUser": None,
        "reviewedDate": None,
    }


def _question(form: int, question: int) -> Json:
    _, text, kind, mapping = QUESTIONS[question]
    options = ["Gold", "Silver", "Bronze"] if kind == "Select" else []
    return {
        "code": f"QN{form + 1}{question + 1:05d}",
        "text": text,
        "questionType": kind,
        "options": options,
        "isRequired": question < 2,
        "mapping": mapping,
    }


def _given(dice: Dice, question: int) -> object:
    return ("(212) 555-0142", "Gold", dice.between(1, 40), dice.roll(2) == 0, "2025-12-31", "Nothing else.")[question]
