"""What the environment decides: every setting stands once, in `settings.py`; nothing else looks at the environment."""

from service.settings.forms import Issuer, Secret
from service.settings.reading import SettingDoc, SettingsError, describe, load, migration_url, regions
from service.settings.settings import Settings

__all__ = [
    "Issuer",
    "Secret",
    "SettingDoc",
    "Settings",
    "SettingsError",
    "describe",
    "load",
    "migration_url",
    "regions",
]
