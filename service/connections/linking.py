"""What connecting, keeping and ending connections is made of: built once for each process."""

from msgspec import Struct

from service.clock import Clock, now
from service.connections.open import Connections
from service.connections.refresh import CredentialKeeper
from service.connections.vault import Vault
from service.connections.vendors import Vendors
from service.db.pool import Pool


class Linking(Struct, frozen=True):
    """The parts that the routes about connections share."""

    pool: Pool
    vault: Vault
    vendors: Vendors
    connections: Connections
    credentials: CredentialKeeper
    public_url: str
    """Where people reach this deployment, without a slash at the end."""
    clock: Clock = now

    @property
    def redirect_uri(self) -> str:
        """The one address that vendors send people back to; registered at them, letter by letter."""
        return f"{self.public_url}/connect/callback"
