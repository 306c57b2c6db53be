"""SmartVault."""
