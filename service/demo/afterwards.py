"""What a demonstration says when its walk is over: where to look at it, and what to try next."""

from msgspec import Struct

from service import ids
from service.demo.cast import Cast
from service.demo.screen import Screen


class Owner(Struct, frozen=True):
    """Who can sign in to the portal and look at what the walk left there."""

    email: str
    password: str

    def __repr__(self) -> str:
        return f"Owner({self.email})"


def say_how_to_go_on(screen: Screen, url: str, cast: Cast, owner: Owner) -> None:
    """Where to look, what to paste, how it ends."""
    who = f"-H 'Authorization: Bearer {cast.key}'"
    which = f"-H 'Connection-Id: {ids.encode('con', cast.connections['quickbooks'])}'"
    write = "-H 'Content-Type: application/json' -H 'Idempotency-Key: first-try'"
    screen.step("Look at it")
    screen.say("  The calls above, their prices and the invoice, in the portal:")
    screen.say(f"  sign in   {url}/sign-in")
    screen.say(f"  e-mail    {owner.email}")
    screen.say(f"  password  {owner.password}")
    screen.say(f"  or begin with nothing, as a stranger does: {url}/sign-up")
    screen.step("Call it")
    screen.say(f"  base URL  {url}")
    screen.say(f"  API key   {cast.key}")
    screen.say()
    screen.say(f"curl -s '{url}/v1/clients?limit=2' {who} {which}")
    screen.say(f"curl -si '{url}/v1/vendors/quickbooks/coverage' {who}")
    screen.say(f"""curl -si '{url}/v1/clients' {who} {which} {write} -d '{{"display_name":"My first client"}}'""")
    screen.say()
    screen.say("  The month is closed, so what you call from now on stands on the next invoice as late usage.")
    screen.say("  Everything runs until Ctrl-C. Keys, usage and invoices stay for the next start.")


def say_that_it_ends(screen: Screen) -> None:
    """With `--once`."""
    screen.say()
    screen.say("Everything stops now; its data stay. Without --once it stays, for you to try.")
