"""Where a browser sees us."""

import msgspec


class Site(msgspec.Struct, frozen=True):
    """Where a browser sees us: passkeys are bound to the host's name, and signatures to the whole origin."""

    host: str
    origin: str
