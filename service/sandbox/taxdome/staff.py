"""The firm's people, and who is signed in (assumed: nothing public shows how TaxDome tells of them)."""

from service.sandbox.http import Json
from service.sandbox.people import STAFF
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.logins import Login
from service.sandbox.taxdome.wire import instant, make_id

_ROLES = ("owner", "admin", "employee", "employee")
_MFA = ("totp", "totp", "biometric", "none")
_PLATFORMS = ("Web", "iOS", "Android")


def user(row: int) -> Json:
    """Somebody of the firm, with the devices that are signed in."""
    somebody = STAFF[row]
    return {
        "id": make_id("users", row),
        "name": f"{somebody.given} {somebody.family}",
        "email": somebody.email,
        "role": _ROLES[row],
        "status": "active",
        "mfa": _MFA[row],
        "devices": _devices(row),
    }


def me(login: Login, contact_id: str | None) -> Json:
    """How the caller is signed in: one of the firm's people, or a client's contact."""
    if login.user is not None:
        own = user(login.user)
        return {name: own[name] for name in ("id", "mfa", "devices")}
    mfa = "totp" if login.totp_secret else "biometric" if login.is_biometric else "none"
    return {"id": contact_id, "mfa": mfa, "devices": _devices(len(STAFF))}


def _devices(row: int) -> list[Json]:
    return [
        {"id": f"dev_{row}_{at}", "platform": _PLATFORMS[at], "last_seen_at": instant(plan.AS_OF_S - row * 3_600)}
        for at in range(row % len(_PLATFORMS) + 1)
    ]
