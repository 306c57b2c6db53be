"""Operations on data forms: written, taken from the library, shown."""

from typing import Literal

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Filter, Path
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.papers import FORMS
from service.sandbox.sodium.staff import FIELD_TYPES

_LIBRARY = {"LF100001": FORMS[0], "LF100002": "Landlord's year"}
_CLIENT_FIELDS = ("name", "email", "telephone", "internalReference")
_DATES_AND_CODE = ("code", "createdDate", "updatedDate")


class MappingBody(wire.Body, frozen=True):
    """Which field of the client an accepted answer is written to."""

    target: Literal["ClientField", "CustomField"]
    field: str


class QuestionBody(wire.Body, frozen=True):
    """A question to write."""

    text: str
    question_type: str = "Text"
    options: tuple[str, ...] = ()
    is_required: bool = False
    mapping: MappingBody | None = None


class SectionBody(wire.Body, frozen=True):
    """A section to write."""

    title: str = ""
    questions: tuple[QuestionBody, ...] = ()


class FormBody(wire.Body, frozen=True):
    """A form to write."""

    name: str
    description: str | None = None
    category_code: str | None = None
    status: str = "Draft"
    sections: tuple[SectionBody, ...] = ()


class Forms:
    """The data forms of a tenant."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        self._forms = Collection(
            firm.forms,
            "/data-forms",
            FormBody,
            self.make,
            firm.now_s,
            firm.clients,
            filters={"status": Filter(lambda row: row["status"], ("Draft", "Published"))},
            search=("name",),
            show=_without_sections,
        )
        form = "/data-forms/{code}"
        for method, pattern, handler in (
            ("GET", "/data-forms/library", self._library),
            ("GET", "/data-forms/library/{library}", self._from_library),
            ("POST", "/data-forms/library/{library}/create", self._take_from_library),
            ("POST", "/data-forms/convert", self._convert),
            ("PUT", f"{form}/library-version", self._renew),
            ("GET", f"{form}/preview", self._preview),
        ):
            router.add(method, pattern, handler)
        self._forms.add_routes(router)

    def make(self, body: FormBody, old: Json | None, _: int | None) -> Json:
        """The form that a body makes."""
        if body.status not in {"Draft", "Published"}:
            raise invalid("status", f"The value '{body.status}' is not valid.")
        sections: list[Json] = []
        for number, section in enumerate(body.sections):
            for question in section.questions:
                self._must_be_writable(question)
            asked = [{"code": f"QN9{number}{at:04d}", **wire.fields(each)} for at, each in enumerate(section.questions)]
            sections.append({"title": section.title, "sortOrder": number, "questions": asked})
        return {
            "name": body.name,
            "description": body.description,
            "category": self._firm.named(self._firm.form_categories, body.category_code, "categoryCode"),
            "status": body.status,
            "version": old["version"] + 1 if old else 1,
            "libraryCode": old["libraryCode"] if old else None,
            "sections": sections,
        }

    def _must_be_writable(self, question: QuestionBody) -> None:
        if question.question_type not in FIELD_TYPES:
            raise invalid("questionType", f"The value '{question.question_type}' is not valid.")
        mapping = question.mapping
        if mapping is None:
            return
        if mapping.target == "CustomField":
            self._firm.must_find(self._firm.custom_fields, mapping.field, "mapping.field")
        elif mapping.field not in _CLIENT_FIELDS:
            raise invalid("mapping.field", f"The value '{mapping.field}' is not valid.")

    def _library(self, request: Request, _: Path) -> Response:
        rows = [wire.ref(code, name) for code, name in _LIBRARY.items()]
        return wire.page(rows, wire.window(request), lambda row: row)

    def _from_library(self, request: Request, path: Path) -> Response:
        name = _LIBRARY.get(path["library"])
        if name is None:
            raise missing("Library form")
        return json_response(200, {"code": path["library"], "name": name,
                                   "sections": self._firm.papers.form(0)["sections"]})  # fmt: skip

    def _take_from_library(self, request: Request, path: Path) -> Response:
        name = _LIBRARY.get(path["library"])
        if name is None:
            raise missing("Library form")
        model = self._firm.papers.form(0)
        made = {name: model[name] for name in model if name not in _DATES_AND_CODE}
        made |= {"name": name, "libraryCode": path["library"], "status": "Draft"}
        return self._forms.answer(self._forms.keep_new(made), request, 201)

    def _renew(self, request: Request, path: Path) -> Response:
        position = self._firm.forms.position(path["code"])
        row = self._firm.forms.table[position]
        if row["libraryCode"] is None:
            raise conflict("The form does not come from the library.")
        return self._forms.answer(self._forms.amend(position, {"version": row["version"] + 1}), request)

    def _convert(self, request: Request, _: Path) -> Response:
        return json_response(200, {"name": "Converted form", "sections": []})

    def _preview(self, request: Request, path: Path) -> Response:
        row = self._firm.forms.get(path["code"])
        return json_response(200, {"name": row["name"], "sections": row["sections"]})


def _without_sections(row: Json, _: Request, detail: bool) -> Json:
    return row if detail else {name: row[name] for name in row if name != "sections"}
