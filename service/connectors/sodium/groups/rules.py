"""Rules of passthrough in a line each."""

from typing import Final

from service.connectors.sdk.passthrough import Method, Rule

READ: Final[Method] = "GET"
RUN: Final[Method] = "POST"
REPLACE: Final[Method] = "PUT"


def calls(path: str, about: str, *methods: Method) -> tuple[Rule, ...]:
    """One path by several methods, as we take it to be."""
    return tuple(Rule(method, path, about, "read" if method == READ else "write") for method in methods)


def table(path: str, about: str) -> tuple[Rule, ...]:
    """What is listed, made, read, written anew and deleted, as we take it to be."""
    return calls(path, about, READ, RUN) + calls(f"{path}/{{}}", about, READ, REPLACE, "DELETE")


def told(*rules: tuple[Method, str, str]) -> tuple[Rule, ...]:
    """What the reference shows: method, path, about."""
    return tuple(
        Rule(method, path, about, "read" if method == READ else "write", "documented") for method, path, about in rules
    )
