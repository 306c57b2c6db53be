"""What follows when engagements and questionnaires are written (assumed)."""

from service.sandbox.books import SERVICES
from service.sandbox.canopy.errors import invalid
from service.sandbox.http import Json

_ONWARD = {"draft": {"sent", "active", "archived"}, "sent": {"active", "archived"}, "active": {"archived"}}


def finish_engagement(row: Json, old: Json | None, at: str) -> None:
    """Prices what is agreed on; an engagement that becomes active was accepted then."""
    before = "draft" if old is None else old["status"]
    if row["status"] != before and row["status"] not in _ONWARD.get(before, set()):
        raise invalid("status", f"cannot become {row['status']} from {before}")
    row["items"] = [_priced(item) for item in row["items"]]
    if row["status"] == "active":
        row["accepted_at"] = row["accepted_at"] or at


def finish_questionnaire(row: Json, old: Json | None) -> None:
    """Puts the answers that were given over those that were there; a value that the firm put in is its own."""
    assert old is not None
    if row["answers"] is old["answers"]:
        return
    known = {answer["question_key"]: answer for answer in old["answers"]}
    for given in row["answers"]:
        if given["question_key"] not in known:
            raise invalid("answers", f"{given['question_key']} is not asked")
        known[given["question_key"]] = {**known[given["question_key"]], **given}
    row["answers"] = list(known.values())


def _priced(item: Json) -> Json:
    number = item["service_item_id"].removeprefix("svc_")
    if not number.isdigit() or not 1 <= int(number) <= len(SERVICES):
        raise invalid("items", f"{item['service_item_id']} is not among the firm's services")
    service = SERVICES[int(number) - 1]
    return {
        "service_item_id": item["service_item_id"],
        "name": item.get("name") or service.name,
        "quantity": item.get("quantity", 1),
        "rate_cents": service.rate_minor if item.get("rate_cents") is None else item["rate_cents"],
        "rate_type": item.get("rate_type") or ("hourly" if service.sku == "ADV-HOUR" else "fixed"),
    }
