"""Who may log in, and the door: password, one TOTP challenge, lockout (assumed beyond `mfa_required`)."""

import secrets
from math import ceil

import msgspec

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.people import STAFF, person
from service.sandbox.taxdome import plan, totp
from service.sandbox.taxdome.errors import RefusalError

CHALLENGE_S = 300
LOCK_S = 900
FAILURES_UNTIL_LOCK = 5
_DRIFT_STEPS = (0, -1, 1)


class Login(msgspec.Struct, frozen=True):
    """One login. `accounts` None means every account of the firm; who has no secret needs no second factor."""

    name: str
    email: str
    password: str
    totp_secret: str | None = None
    is_biometric: bool = False
    accounts: tuple[int, ...] | None = None
    first: int = 0
    """The account that a new session is at."""
    user: int | None = None
    """Which of the firm's people; None for a client."""

    @property
    def is_firm(self) -> bool:
        """Whether this is the firm's own login rather than a client's."""
        return self.accounts is None


class Credentials(msgspec.Struct, frozen=True):
    """The body of `POST /api/auth/session`."""

    email: str
    password: str
    device_id: str
    totp_code: str | None = None
    challenge_id: str | None = None


class _Challenge(msgspec.Struct, frozen=True):
    login: str
    until: float


def make_logins(books: Books) -> dict[str, Login]:
    """The logins of this firm by name: two of its own, a couple's, a business owner's, and one without a password."""

    def known(*numbers: int) -> tuple[int, ...]:
        return tuple(number for number in numbers if number < books.clients) or (0,)

    def client(name: str, numbers: tuple[int, ...], secret: str | None = None, biometric: bool = False) -> Login:
        email = person(books, numbers[0], 0).email or f"{name}@portal.example"
        return Login(name, email, f"sandbox-{name}-password", secret, biometric, numbers, numbers[0])

    def staff(name: str, user: int, first: int) -> Login:
        secret = totp.secret_of(f"{name} {books.seed}")
        return Login(name, STAFF[user].email, f"sandbox-{name}-password", secret, first=first, user=user)

    return {
        "firm": staff("firm", 0, 0),
        "partner": staff("partner", 1, known(plan.WIDE)[0]),
        "couple": client("couple", known(1, 11), totp.secret_of(f"couple {books.seed}")),
        "owner": client("owner", known(0, 4)),
        "biometric": client("biometric", known(10, 12), biometric=True),
    }


class Door:
    """Lets logins in. Codes count by the vendor's own clock, and each opens once."""

    def __init__(self, logins: dict[str, Login], clock: VendorClock) -> None:
        self._by_email = {login.email.lower(): login for login in logins.values()}
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Nobody is locked out, no code is used, no challenge is open."""
        self._failures: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}
        self._used_steps: dict[str, set[int]] = {}
        self._challenges: dict[str, _Challenge] = {}
        self.only_biometric_once = False

    def admit(self, sent: Credentials) -> Login:
        """The login of these credentials; RefusalError says what is missing or wrong."""
        only_biometric, self.only_biometric_once = self.only_biometric_once, False
        self._demand_unlocked(sent.email.lower())
        login = self._by_email.get(sent.email.lower())
        if login is None or not secrets.compare_digest(login.password.encode(), sent.password.encode()):
            raise self._failed(sent.email.lower(), "invalid_credentials", "E-mail or password is wrong.")
        if login.is_biometric or only_biometric:
            raise RefusalError(
                "mfa_required",
                "This login is confirmed with Face ID or fingerprint on the owner's phone.",
                mfa_required="biometric",
            )
        if login.totp_secret is not None:
            self._demand_code(login, sent)
        self._failures.pop(login.email.lower(), None)
        return login

    def challenge(self, login: Login) -> RefusalError:
        """A demand for the second factor."""
        challenge_id = f"chl_{secrets.token_hex(8)}"
        now = self._clock.true_s()
        self._challenges = {name: kept for name, kept in self._challenges.items() if kept.until > now}
        self._challenges[challenge_id] = _Challenge(login.name, now + CHALLENGE_S)
        message = "Confirm with the code of your authenticator app."
        return RefusalError("mfa_required", message, mfa_required="totp", challenge_id=challenge_id)

    def _demand_code(self, login: Login, sent: Credentials) -> None:
        challenge = self._challenges.get(sent.challenge_id or "")
        is_open = challenge is not None and challenge.login == login.name and challenge.until > self._clock.true_s()
        if sent.totp_code is None or not is_open:
            raise self.challenge(login)
        step = self._step_of(login, sent.totp_code)
        if step is None:
            raise self._failed(login.email.lower(), "mfa_invalid", "The code is wrong, too old or was used before.")
        self._used_steps.setdefault(login.name, set()).add(step)
        del self._challenges[sent.challenge_id or ""]

    def _step_of(self, login: Login, code: str) -> int | None:
        """The unused step a code belongs to: this one, the one before or the one after."""
        now = int(self._clock.said_s()) // totp.STEP_S
        used = self._used_steps.get(login.name, set())
        for drift in _DRIFT_STEPS:
            right = totp.code_of_step(login.totp_secret or "", now + drift)
            if now + drift not in used and secrets.compare_digest(right.encode(), code.encode()):
                return now + drift
        return None

    def _failed(self, email: str, code: str, message: str) -> RefusalError:
        self._failures[email] = self._failures.get(email, 0) + 1
        if self._failures[email] >= FAILURES_UNTIL_LOCK:
            del self._failures[email]
            self._locked_until[email] = self._clock.true_s() + LOCK_S
        return RefusalError(code, message)

    def _demand_unlocked(self, email: str) -> None:
        left_s = self._locked_until.get(email, 0) - self._clock.true_s()
        if left_s > 0:
            raise RefusalError("locked", "Too many failed attempts.", retry_after=ceil(left_s))
