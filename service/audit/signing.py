"""Which key signs checkpoints here, and where they are kept: as the settings say."""

from pathlib import Path

from service.audit.checkpoints import CheckpointFile, Signer, Sink
from service.derived_key import derived_key
from service.settings import Settings


def signer_of(settings: Settings) -> Signer:
    """The configured key; else one derived from the cursor key, the same in every process."""
    if settings.audit_signing_key is not None:
        return Signer(settings.audit_signing_key.value)
    return Signer(derived_key(settings.cursor_key.value, "audit checkpoints"))


def sink_of(settings: Settings) -> Sink | None:
    """None where no file is named."""
    return None if settings.audit_checkpoint_file is None else CheckpointFile(Path(settings.audit_checkpoint_file))
