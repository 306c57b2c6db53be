"""SmartVault as a server."""
