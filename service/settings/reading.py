"""Reading the environment: all settings at start, or one line that says what is wrong and what to do."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, get_type_hints

import msgspec

from service.settings.forms import Unreadable
from service.settings.settings import MAKE_KEY, Setting, Settings

_UNPREFIXED: Final = ("database_url", "redis_url")


class SettingsError(Exception):
    """One line: the setting, what is wrong with it, what to do."""


class SettingDoc(msgspec.Struct, frozen=True):
    """One line of `tickmark settings`. `value` is masked for secrets, None where nothing is set."""

    name: str
    form: str
    default: str | None
    required: bool
    says: str
    value: str | None = None


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in `environ`. Raises SettingsError; an empty value counts as not set."""
    _refuse_unknown(environ)
    values: dict[str, Any] = {}
    for field, setting in _SETTINGS.items():
        text = _text_of(environ, field)
        if text is not None:
            values[field] = _read(field, text)
        elif field not in _DEFAULTS:
            raise SettingsError(f"{_name(field)} is not set; expected {setting.form.looks}. {setting.says}")
    given = [field for field in ("key_encryption_key", "key_encryption_key_file") if field in values]
    if len(given) != 1:
        wrong = "are both set; keep one of them." if given else f"are both not set; set one of them. {MAKE_KEY}"
        raise SettingsError(f"TICKMARK_KEY_ENCRYPTION_KEY and TICKMARK_KEY_ENCRYPTION_KEY_FILE {wrong}")
    values["key_encryption_key"] = values.pop(given[0])
    if "portal_url" in values and "smtp_url" not in values:
        raise SettingsError("TICKMARK_SMTP_URL is not set, and TICKMARK_PORTAL_URL is; the portal has to send mail.")
    return Settings(**values)


def migration_url(environ: Mapping[str, str] = os.environ) -> str:
    """All that migrating needs, so that it runs where no secret is known. Raises SettingsError."""
    for field in ("migration_url", "database_url"):
        text = _text_of(environ, field)
        if text is not None:
            return str(_read(field, text))
    raise SettingsError("DATABASE_URL is not set; expected postgresql://…, here or in TICKMARK_MIGRATION_URL.")


def regions(environ: Mapping[str, str] = os.environ) -> tuple[str, Mapping[str, str]]:
    """Whose firms are kept here, and where others are served. Raises SettingsError."""
    here, others = _text_of(environ, "region"), _text_of(environ, "region_urls")
    return (
        _DEFAULTS["region"] if here is None else _read("region", here),
        _DEFAULTS["region_urls"] if others is None else _read("region_urls", others),
    )


def describe(environ: Mapping[str, str] | None = None) -> list[SettingDoc]:
    """Every setting, in order; with `environ` also what it is set to, secrets masked."""
    return [
        SettingDoc(
            name=_name(field),
            form=setting.form.looks,
            default=_shown(_DEFAULTS.get(field)),
            required=field not in _DEFAULTS,
            says=setting.says,
            value=_masked(setting, _text_of(environ or {}, field)),
        )
        for field, setting in _SETTINGS.items()
    ]


def _settings() -> dict[str, Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    return {field: hint.__metadata__[0] for field, hint in hints.items()}


_SETTINGS = _settings()
_DEFAULTS: dict[str, Any] = {f.name: f.default for f in msgspec.structs.fields(Settings) if not f.required}


def _name(field: str) -> str:
    return field.upper() if field in _UNPREFIXED else f"TICKMARK_{field.upper()}"


def _text_of(environ: Mapping[str, str], field: str) -> str | None:
    return environ.get(_name(field), "").strip() or None


def _read(field: str, text: str) -> Any:
    setting = _SETTINGS[field]
    try:
        return setting.form.read(text)
    except Unreadable as wrong:
        raise SettingsError(f"{_name(field)} {wrong}; expected {setting.form.looks}. {setting.says}") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = [field.upper() for field in _SETTINGS if field not in _UNPREFIXED]
    for name in sorted(environ):
        if name.startswith("TICKMARK_") and name.removeprefix("TICKMARK_") not in known:
            nearest = get_close_matches(name.removeprefix("TICKMARK_"), known, 1)
            advice = f"did you mean TICKMARK_{nearest[0]}?" if nearest else "`tickmark settings` lists those there are."
            raise SettingsError(f"{name} is not a setting; {advice}")


def _shown(default: object) -> str | None:
    if default is None or default == () or default == {}:
        return None
    return str(default).lower() if isinstance(default, bool) else str(default)


def _masked(setting: Setting, text: str | None) -> str | None:
    if text is None:
        return None
    if setting.form.secret:
        return "•••"
    scheme, separator, rest = text.partition("://")
    credentials, at, host = rest.rpartition("@")
    return f"{scheme}://•••@{host}" if separator and at and credentials else text
