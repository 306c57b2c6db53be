"""The nouns by name: the one list that routes, scopes, consents and connectors agree on."""

RESOURCES: tuple[str, ...] = (
    "clients",
    "contacts",
    "invoices",
    "payments",
    "credits",
    "tasks",
    "documents",
    "folders",
    "document_requests",
    "organizers",
    "engagements",
    "signatures",
    "time_entries",
    "threads",
    "messages",
    "accounts",
    "users",
    "service_items",
    "tracking",
    "custom_fields",
)
"""In the order of the API: `/v1/<name>`, the field of a Connector, the first half of a scope."""
