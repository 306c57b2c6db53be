"""The guide's two ways to verify a webhook believe what the independent library signed, and nothing else."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from service.events.signing import new_secret, signed_headers
from service.portal.pages.learning import GUIDES

from .runners import runners

pytestmark = pytest.mark.anyio

TEXT = next(guide.text for guide in GUIDES if guide.slug == "webhooks")
SECRET, OTHER = new_secret(), new_secret()
BODY = '{"object":"event","type":"connection.state","about":"Zürich"}'
CALLS = {
    "python": """
import json, os
given = json.loads(os.environ["GIVEN"])
verify(given["secret"], given["headers"], base64.b64decode(given["body"]))
""",
    "ts": """
const given = JSON.parse(process.env.GIVEN);
verify(given.secret, given.headers, Buffer.from(given.body, "base64"));
""",
}
LANGUAGES = {"python": "Python", "ts": "TypeScript"}


def code_of(tag: str) -> str:
    blocks: list[str] = re.findall(rf"^```{tag}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return next(text for text in blocks if "verify" in text)


def given(headers: dict[str, str], secret: str = SECRET, body: str = BODY) -> dict[str, str]:
    """What the code is called with."""
    wanted = {"secret": secret, "headers": headers, "body": b64encode(body.encode()).decode()}
    return {"GIVEN": json.dumps(wanted)}


def signed(at: datetime, *secrets: str) -> dict[str, str]:
    """Headers as the independent library signs them."""
    signatures = " ".join(Webhook(secret).sign("evt_1", at, BODY) for secret in secrets)
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }


@pytest.mark.parametrize("tag", ["python", "ts"])
async def test_verification_of_the_guide_believes_what_was_signed_and_nothing_else(tag: str, tmp_path: Path) -> None:
    at = datetime.now(UTC)
    good = signed(at, SECRET)
    believed = (
        given(good),
        given(signed(at, OTHER, SECRET)),
        given(signed_headers("evt_1", at, BODY.encode(), (OTHER, SECRET))),
        given(good | {"webhook-signature": "v2,AAAA " + good["webhook-signature"]}),
        given(signed(at - timedelta(minutes=4), SECRET)),
    )
    refused = (
        given(good, secret=OTHER),
        given(good, body=BODY + " "),
        given(good | {"webhook-id": "evt_2"}),
        given(good | {"webhook-timestamp": str(int(at.timestamp()) + 1)}),
        given(good | {"webhook-timestamp": "soon"}),
        given(good | {"webhook-signature": "v1,"}),
        given(good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v1a,")}),
        given(good | {"webhook-signature": ""}),
        given(signed(at - timedelta(minutes=6), SECRET)),
        given(signed(at + timedelta(minutes=6), SECRET)),
    )

    async with runners(tmp_path) as run:
        code = code_of(tag) + CALLS[tag]
        good_errors = [(await run[LANGUAGES[tag]](code, environment)).error for environment in believed]
        bad_errors = [(await run[LANGUAGES[tag]](code, environment)).error for environment in refused]

    assert good_errors == [None] * len(believed)
    assert all(error is not None for error in bad_errors)
