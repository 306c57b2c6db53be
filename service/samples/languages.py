"""A request as code: curl, Python with httpx, TypeScript with what Node.js, Deno, Bun and browsers have built in."""

import json
import shlex
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from service.samples.requests import FRESH, KEY, PLACE, Json, SampleRequest, substituted

_TIMEOUT_S: Final = 60
_LINE: Final = 80


class Sample(Struct, frozen=True):
    """One way to call; the places are environment variables."""

    language: str
    tag: str
    """What a Markdown fence names it."""
    text: str


def samples(request: SampleRequest, base_url: str) -> tuple[Sample, ...]:
    """The request in each language."""
    return (
        Sample("curl", "sh", curl(request, base_url)),
        Sample("Python", "python", python(request, base_url)),
        Sample("TypeScript", "ts", typescript(request, base_url)),
    )


def curl(request: SampleRequest, base_url: str) -> str:
    """For a POSIX shell."""
    lines = [f'curl{"" if request.method == "GET" else f" -X {request.method}"} "{_shell(request.url(base_url))}"']
    if request.needs_key:
        lines.append(f'-H "Authorization: Bearer ${KEY}"')
    lines += [f'-H "{name}: {_shell(value)}"' for name, value in request.headers]
    if request.saves_file is not None:
        lines.append(f"-o {request.saves_file}")
    if request.sends_file is not None:
        lines.append(f"--data-binary @{request.sends_file}")
    if request.body is None:
        return " \\\n  ".join(lines)
    body = msgspec.json.encode(request.body).decode()
    if len(body) > _LINE:
        body = msgspec.json.format(body, indent=2)
    if PLACE.search(body) is None:
        return " \\\n  ".join([*lines, "-d " + shlex.quote(body)])
    return " \\\n  ".join([*lines, "-d @- <<BODY"]) + f"\n{_shell(body)}\nBODY"


def python(request: SampleRequest, base_url: str) -> str:
    """For Python 3.11 or newer."""
    headers = [(name, value) for name, value in request.headers if name != "Content-Type" or request.sends_file]
    if request.needs_key:
        headers.insert(0, ("Authorization", f"Bearer {{{{{KEY}}}}}"))
    arguments = [f'"{request.method}"', _python_text(request.url(base_url))]
    if headers:
        arguments.append(f"headers={_written(dict(headers), _python_atom, 4)}")
    if request.body is not None:
        arguments.append(f"json={_written(request.body, _python_atom, 4)}")
    if request.sends_file is not None:
        arguments.append(f'content=Path("{request.sends_file}").read_bytes()')
    arguments.append(f"timeout={_TIMEOUT_S}")
    shown = _shown(request, "print(answer.json())", "print(answer.status_code)")
    if request.saves_file is not None:
        shown = f'Path("{request.saves_file}").write_bytes(answer.content)'
    lines = ["answer = httpx.request(", *(f"    {one}," for one in arguments), ")", "answer.raise_for_status()", shown]
    code = "\n".join(lines)
    imports = [f"import {module}" for module in ("os", "uuid") if f"{module}." in code]
    imports += ["from pathlib import Path"] if "Path(" in code else []
    return "\n".join([*imports, *([""] if imports else []), "import httpx", "", code])


def typescript(request: SampleRequest, base_url: str) -> str:
    """An ES module; runs as it is on Node.js 22.18 or newer, Deno and Bun."""
    headers = list(request.headers)
    if request.needs_key:
        headers.insert(0, ("Authorization", f"Bearer {{{{{KEY}}}}}"))
    options = [f'method: "{request.method}"']
    if headers:
        options.append(f"headers: {_written(dict(headers), _typescript_atom, 2)}")
    if request.body is not None:
        options.append(f"body: JSON.stringify({_written(request.body, _typescript_atom, 2)})")
    if request.sends_file is not None:
        options.append(f'body: await readFile("{request.sends_file}")')
    shown = _shown(request, "console.log(await answer.json());", "console.log(answer.status);")
    if request.saves_file is not None:
        shown = f'await writeFile("{request.saves_file}", Buffer.from(await answer.arrayBuffer()));'
    lines = [f"const answer = await fetch({_typescript_text(request.url(base_url))}, {{"]
    lines += [*(f"  {one}," for one in options), "});", "if (!answer.ok) throw new Error(await answer.text());", shown]
    code = "\n".join(lines)
    used = [name for name in ("readFile", "writeFile") if f"{name}(" in code]
    return f'import {{ {", ".join(used)} }} from "node:fs/promises";\n\n{code}' if used else code


def _shown(request: SampleRequest, as_json: str, as_status: str) -> str:
    return as_json if request.answers_json else as_status


def _shell(text: str) -> str:
    """Within double quotes, or a here-document."""
    return substituted(text, lambda name: "$(openssl rand -hex 16)" if name == FRESH else f"${name}")


def _python_text(text: str) -> str:
    if text == f"{{{{{FRESH}}}}}":
        return "str(uuid.uuid4())"
    if (whole := PLACE.fullmatch(text)) is not None:
        return f'os.environ["{whole[1]}"]'
    is_formatted = PLACE.search(text) is not None
    return ("f" * is_formatted) + json.dumps(substituted(text, "{{os.environ['{}']}}".format), ensure_ascii=False)


def _python_atom(value: Json) -> str:
    return _python_text(value) if isinstance(value, str) else repr(value)


def _typescript_text(text: str) -> str:
    if text == f"{{{{{FRESH}}}}}":
        return "crypto.randomUUID()"
    if (whole := PLACE.fullmatch(text)) is not None:
        return f"process.env.{whole[1]}!"
    if PLACE.search(text) is None:
        return json.dumps(text, ensure_ascii=False)
    return f"`{substituted(text, '${{process.env.{}}}'.format)}`"


def _typescript_atom(value: Json) -> str:
    return _typescript_text(value) if isinstance(value, str) else json.dumps(value)


def _written(value: Json, atom: Callable[[Json], str], step: int, depth: int = 1) -> str:
    """A literal, on one line where it is short; both languages write maps and lists alike."""
    match value:
        case dict():
            parts = [f"{json.dumps(name)}: {_written(one, atom, step, depth + 1)}" for name, one in value.items()]
            opened, closed = "{", "}"
        case list():
            parts = [_written(one, atom, step, depth + 1) for one in value]
            opened, closed = "[", "]"
        case _:
            return atom(value)
    short = opened + ", ".join(parts) + closed
    if len(short) + depth * step <= _LINE and "\n" not in short:
        return short
    inner, outer = " " * (step * (depth + 1)), " " * (step * depth)
    return opened + "\n" + "".join(f"{inner}{part},\n" for part in parts) + outer + closed
