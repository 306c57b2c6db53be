"""The JavaScript of a step: the same lines for Postman and for Bruno, below a few names that differ."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from service.samples.steps import Step

_MOST_TURNS: Final = 100
_LONGEST_WAIT_S: Final = 5
_FOUND: Final = "(() => { try { return JSON.parse(text()); } catch { return {}; } })()"


class Dialect(Struct, frozen=True):
    """How one API client says what the lines below need: each name with what it stands for."""

    names: Mapping[str, str]
    skip: str
    wait: str
    """Waits for `seconds` before the next request."""


POSTMAN: Final = Dialect(
    {
        "status": "pm.response.code",
        "header": "name => pm.response.headers.get(name)",
        "text": "() => pm.response.text()",
        "found": _FOUND,
        "get": "name => pm.variables.get(name)",
        "set": "(name, value) => pm.collectionVariables.set(name, value)",
        "test": "(name, check) => pm.test(name, check)",
        "expect": "pm.expect",
        "send": "name => pm.execution.setNextRequest(name)",
    },
    skip="pm.execution.skipRequest()",
    wait="setTimeout(() => {}, seconds * 1000)",
)
BRUNO: Final = Dialect(
    {
        "status": "res.getStatus()",
        "header": "name => res.getHeader(name.toLowerCase())",
        "text": "() => (body => (typeof body === 'string' ? body : JSON.stringify(body)))(res.getBody())",
        "found": _FOUND,
        "get": "name => bru.getVar(name) ?? bru.getEnvVar(name)",
        "set": "(name, value) => bru.setVar(name, value)",
        "send": "name => bru.runner.setNextRequest(name)",
    },
    skip="bru.runner.skipRequest()",
    wait="await bru.sleep(seconds * 1000)",
)


def before(step: Step, dialect: Dialect) -> tuple[str, ...]:
    """Passes the step over when a place is empty."""
    if not step.needs:
        return ()
    return _declared(dialect, [f"if ({json.dumps(step.needs)}.some(name => !get(name))) {dialect.skip};"])


def after(step: Step, dialect: Dialect) -> tuple[str, ...]:
    """Checks the answer, keeps what later steps need, and sends the step again where it says so."""
    accepted = f"[{', '.join(map(str, step.accepts))}]"
    lines = [f'test("it is answered as documented", () => expect(status).to.be.oneOf({accepted}));']
    if step.saves:
        lines.append("if (status < 300) {")
        lines += [f"  set({json.dumps(name)}, {value});" for name, value in step.saves]
        lines.append("}")
    for name, condition in step.checks:
        lines.append(f"test({json.dumps(name)}, () => expect({condition}).to.equal(true));")
    if step.again is not None:
        lines += [
            'const turn = Number(get("TURN") || 0) + 1;',
            f"const again = ({step.again}) && turn < {_MOST_TURNS};",
            'set("TURN", again ? turn : 0);',
            f"if (again) send({json.dumps(step.name)});",
            "if (again && status >= 429) {",
            f'  const seconds = Math.min({_LONGEST_WAIT_S}, Number(header("Retry-After") || 1));',
            f"  {dialect.wait};",
            "}",
        ]
    return _declared(dialect, lines)


def _declared(dialect: Dialect, lines: Iterable[str]) -> tuple[str, ...]:
    """The lines below the names they use."""
    body = list(lines)
    for name, meaning in reversed(tuple(dialect.names.items())):
        if any(re.search(rf"\b{name}\b", line) for line in body):
            body.insert(0, f"const {name} = {meaning};")
    return tuple(body)
