"""Settings are right, or one line says which is wrong and what to do."""

from base64 import b64encode
from pathlib import Path

import pytest

from service.settings import SettingsError, describe, load, migration_url

KEY = b64encode(b"k" * 32).decode()
OTHER_KEY = b64encode(b"o" * 32).decode()
GOOD = {
    "DATABASE_URL": "postgresql://tickmark:hunter2@db.example/tickmark",
    "REDIS_URL": "redis://cache.example:6379/0",
    "TICKMARK_KEY_PEPPERS": f"1:{KEY},2:{OTHER_KEY}",
    "TICKMARK_KEY_ENCRYPTION_KEY": KEY,
    "TICKMARK_CURSOR_KEY": KEY,
    "PATH": "/usr/bin",
}


def test_defaults_fill_what_is_not_set() -> None:
    settings = load(GOOD | {"TICKMARK_PORT": "", "TICKMARK_WORKERS": " 4 ", "TICKMARK_LOG_LEVEL": "WARNING"})

    assert (settings.port, settings.workers, settings.log_level) == (8080, 4, "warning")
    assert settings.key_peppers[2].value == b"o" * 32
    assert settings.key_encryption_key[0].value == b"k" * 32


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "", "DATABASE_URL is not set; expected postgresql://…"),
        ("DATABASE_URL", "mysql://x", "begins with postgresql://"),
        ("DATABASE_URL", "postgresql://[", "begins with postgresql://"),
        ("TICKMARK_PORT", "80a", "TICKMARK_PORT is not a whole number from 0 to 65535"),
        ("TICKMARK_PORT", "9" * 5000, "TICKMARK_PORT is not a whole number"),
        ("TICKMARK_PORT", "-1", "TICKMARK_PORT is not a whole number"),
        ("TICKMARK_PROT", "80", "TICKMARK_PROT is not a setting; did you mean TICKMARK_PORT?"),
        ("TICKMARK_ZZZZZZ", "80", "`tickmark settings` lists"),
        ("TICKMARK_CURSOR_KEY", "c2hvcnQ=", "holds 5 bytes instead of 32"),
        ("TICKMARK_CURSOR_KEY", "sécrèt", "is not base64"),
        ("TICKMARK_KEY_PEPPERS", KEY, "without a version"),
        ("TICKMARK_KEY_PEPPERS", ",", "is empty"),
        ("TICKMARK_KEY_PEPPERS", f"0:{KEY}", "without a version"),
        ("TICKMARK_KEY_ENCRYPTION_KEY", "", "set one of them"),
        ("TICKMARK_KEY_ENCRYPTION_KEY_FILE", "/nowhere/key", "cannot be read (No such file or directory)"),
        ("TICKMARK_LOG_LEVEL", "loud", "is none of debug, info, warning, error"),
        ("TICKMARK_TRACE_SHARE", "nan", "is not a number from 0 to 1"),
        ("TICKMARK_TRACE_SHARE", "1.5", "is not a number from 0 to 1"),
        ("TICKMARK_TRUSTED_PROXIES", "10.0.0.0/8, proxy", "no network"),
        ("TICKMARK_LIVE_KEYS_REACH_SANDBOXES", "1", "neither true nor false"),
        ("TICKMARK_REGION_URLS", "eu:https://api.example", "a region and its address"),
        ("TICKMARK_OTLP_ENDPOINT", "collector:4318", "begins with https:// or http://"),
    ],
)
def test_wrong_setting_is_one_line_that_names_it(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(GOOD | {name: value})

    assert says in str(refusal.value)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_key_may_come_from_a_file_but_not_from_both(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{OTHER_KEY}\n{KEY}\n")
    environ = GOOD | {"TICKMARK_KEY_ENCRYPTION_KEY_FILE": str(file)}

    with pytest.raises(SettingsError, match="both set"):
        load(environ)
    del environ["TICKMARK_KEY_ENCRYPTION_KEY"]
    assert [key.value[:1] for key in load(environ).key_encryption_key] == [b"o", b"k"]


def test_migrating_needs_no_secret() -> None:
    assert migration_url({"DATABASE_URL": "postgres://a"}) == "postgres://a"
    assert migration_url({"DATABASE_URL": "postgres://a", "TICKMARK_MIGRATION_URL": "postgres://o"}) == "postgres://o"
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        migration_url({})


def test_nothing_shows_a_secret() -> None:
    environ = GOOD | {"TICKMARK_QUICKBOOKS_CLIENT_SECRET": "canary-secret"}
    settings = load(environ)

    shown = f"{settings!r} {settings.key_peppers!r} {settings.cursor_key} {settings.quickbooks_client_secret} " + str(
        describe(environ)
    )

    for secret in ("hunter2", KEY, OTHER_KEY, "canary-secret"):
        assert secret not in shown
    assert "postgresql://•••@db.example/tickmark" in shown


def test_every_setting_has_one_sentence() -> None:
    for setting in describe():
        assert setting.says.endswith(".")
        assert setting.form
