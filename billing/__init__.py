"""Metering and billing. A leaf: knows nothing of the service; `__all__` is what the service may use."""
