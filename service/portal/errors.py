"""What goes wrong on the pages, and is no rule of a domain."""


class OpenIdError(Exception):
    """The sign-in came to nothing; the text says why, for a log, and holds nothing of anybody."""
