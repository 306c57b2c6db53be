"""The noun `signatures`."""

from typing import Final

from service.resources.engagement import Signature
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

SIGNATURES: Final = Noun(
    name="signatures",
    singular="signature",
    prefix="sig_",
    model=Signature,
    about="Signatures are what clients have signed or are asked to sign, with the audit trail.",
    references={"client": "clients", "document": "documents"},
    example={
        "object": "signature",
        "id": "sig_AZjy0VpQfSKbQ5v7tYvJ6QABMTk",
        "remote_id": "19",
        **HOME,
        "client": CLIENT_ID,
        "document": "doc_AZjy0VpQfSKbQ5v7tYvJ6QABODg",
        "status": "signed",
        "status_native": "signed",
        "signers": [{"contact": None, "name": "Dana Reyes", "signed_at": "2026-01-08T09:12:00Z", "ip": None}],
        "meta": {},
    },
)
