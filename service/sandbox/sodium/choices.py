"""What a caller may choose from."""

from service.sandbox.sodium.errors import invalid


def one_of(given: str, options: tuple[str, ...], field: str) -> str:
    """What was given; a refusal unless it is one of the options."""
    if given not in options:
        raise invalid(field, f"The value '{given}' is not valid.")
    return given
