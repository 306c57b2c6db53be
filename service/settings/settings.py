"""Every setting, once, with its type, default and one sentence."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import msgspec

from service.settings.forms import (
    ADDRESSES,
    CLAIM,
    NETWORKS,
    NUMBERED_KEYS,
    OPENID_ISSUERS,
    SECRET_KEY,
    SECRET_KEYS,
    SECRET_KEYS_FILE,
    SECRET_TEXT,
    SECRET_TEXTS,
    SHARE,
    TEXT,
    Form,
    Issuer,
    Secret,
    number,
    one_of,
    url,
)

_POSTGRES = url("postgresql", "postgres")
_HTTP = url("https", "http")
_PORT = number(0, 65535)
MAKE_KEY = "Make one with `openssl rand -base64 32`."


class Setting(msgspec.Struct, frozen=True):
    """How a field is written in the environment, and what it means."""

    form: Form
    says: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the service is told at start.

    `port` is TICKMARK_PORT in the environment, and so on; only DATABASE_URL and REDIS_URL have no prefix.
    """

    database_url: Annotated[
        str, Setting(_POSTGRES, "PostgreSQL 15 or newer, as a login that holds the run-time roles.")
    ]
    redis_url: Annotated[str, Setting(url("redis", "rediss", "unix"), "Redis 7, Valkey, or newer.")]
    migration_url: Annotated[str | None, Setting(_POSTGRES, "PostgreSQL as the schema's owner; else DATABASE_URL.")] = (
        None
    )
    database_pool_size: Annotated[int, Setting(number(2, 1000), "Connections to PostgreSQL each worker may open.")] = 10

    key_peppers: Annotated[
        Mapping[int, Secret],
        Setting(NUMBERED_KEYS, f"API keys are hashed under these, new ones under the highest version. {MAKE_KEY}"),
    ]
    key_encryption_key: Annotated[
        tuple[Secret, ...],
        Setting(SECRET_KEYS, f"Wraps the firms' data keys; the newest first while one replaces another. {MAKE_KEY}"),
    ] = ()
    key_encryption_key_file: Annotated[
        tuple[Secret, ...], Setting(SECRET_KEYS_FILE, "A file that holds TICKMARK_KEY_ENCRYPTION_KEY, instead of it.")
    ] = ()
    cursor_key: Annotated[Secret, Setting(SECRET_KEY, f"Seals page cursors, the same for all workers. {MAKE_KEY}")]

    audit_signing_key: Annotated[
        Secret | None,
        Setting(SECRET_KEY, "Signs checkpoints of the audit log (ed25519 seed); else derived from the cursor key."),
    ] = None
    audit_checkpoint_file: Annotated[
        str | None, Setting(TEXT, "Where the worker appends signed checkpoints: best on another machine's disk.")
    ] = None

    host: Annotated[str, Setting(TEXT, "The address the API listens on.")] = "127.0.0.1"
    port: Annotated[int, Setting(_PORT, "The port the API listens on.")] = 8080
    workers: Annotated[int, Setting(number(1, 256), "Processes that serve the API.")] = 1
    trusted_proxies: Annotated[tuple[str, ...], Setting(NETWORKS, "Networks whose X-Forwarded-For is believed.")] = ()
    region: Annotated[str, Setting(one_of("us", "eu", "gb", "ca", "au", "nz"), "Whose firms are served here.")] = "us"
    region_urls: Annotated[
        Mapping[str, str], Setting(ADDRESSES, "Where other regions are served; calls that went astray are told.")
    ] = MappingProxyType({})
    max_body_bytes: Annotated[int, Setting(number(1 << 10, 1 << 30), "A larger body is answered 413.")] = 1 << 20
    max_document_bytes: Annotated[int, Setting(number(1 << 10, 1 << 40), "A larger upload is answered 413.")] = 5 << 30
    max_header_bytes: Annotated[int, Setting(number(1 << 10, 1 << 20), "Larger headers are answered 431.")] = 1 << 14

    key_calls_per_second: Annotated[int, Setting(number(1, 10**6), "Calls an API key may make a second.")] = 100
    key_calls_per_minute: Annotated[int, Setting(number(1, 10**8), "Calls an API key may make a minute.")] = 3000
    key_calls_at_once: Annotated[int, Setting(number(1, 10**6), "Calls an API key may have under way.")] = 64
    unknown_keys_per_minute: Annotated[
        int, Setting(number(1, 10**6), "Keys that do not exist one address may try a minute.")
    ] = 600
    live_keys_reach_sandboxes: Annotated[
        bool, Setting(CLAIM, "For demonstrations: metered calls that touch no real vendor.")
    ] = False

    webhooks_to_loopback: Annotated[
        bool, Setting(CLAIM, "For trying webhooks out: test endpoints may be on this machine, over plain HTTP.")
    ] = False

    portal_url: Annotated[
        str | None, Setting(_HTTP, "Where browsers find the portal, https://…; if not set, on this machine only.")
    ] = None
    connect_url: Annotated[
        str | None, Setting(_HTTP, "Where browsers find the connect pages; if not set, where they find the portal.")
    ] = None
    leak_report_keys_url: Annotated[
        str | None,
        Setting(_HTTP, "Where a secret scanner publishes its keys; without it reports of leaked keys are not taken."),
    ] = None
    smtp_url: Annotated[
        str | None, Setting(url("smtp", "smtps"), "Sends the portal's mail; if not set, an outbox page shows it.")
    ] = None
    openid_issuers: Annotated[
        tuple[Issuer, ...],
        Setting(OPENID_ISSUERS, "Where members may sign in by OpenID Connect, back to /sign-in/with/<name>/back."),
    ] = ()
    mail_sender: Annotated[str, Setting(TEXT, "Whom the portal's mail is from.")] = "Tickmark <portal@tickmark.example>"

    metrics_host: Annotated[str, Setting(TEXT, "The address of the internal metrics page.")] = "127.0.0.1"
    metrics_port: Annotated[int, Setting(_PORT, "The port of the internal metrics page; 0 for none.")] = 9464
    otlp_endpoint: Annotated[str | None, Setting(_HTTP, "Where telemetry is sent; nowhere if not set.")] = None
    trace_share: Annotated[float, Setting(SHARE, "The share of calls that are traced.")] = 0.01
    log_level: Annotated[
        str, Setting(one_of("debug", "info", "warning", "error"), "The least severe lines that are logged.")
    ] = "info"

    quickbooks_client_id: Annotated[str | None, Setting(TEXT, "Our app at Intuit.")] = None
    quickbooks_client_secret: Annotated[Secret | None, Setting(SECRET_TEXT, "The secret of our app at Intuit.")] = None
    quickbooks_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Intuit's own address.")] = None
    quickbooks_token_url: Annotated[str | None, Setting(_HTTP, "Instead of Intuit's own token address.")] = None
    quickbooks_authorize_url: Annotated[str | None, Setting(_HTTP, "Instead of Intuit's own consent page.")] = None
    quickbooks_revoke_url: Annotated[str | None, Setting(_HTTP, "Instead of Intuit's own address to revoke at.")] = None
    canopy_client_id: Annotated[str | None, Setting(TEXT, "Our app at Canopy.")] = None
    canopy_client_secret: Annotated[Secret | None, Setting(SECRET_TEXT, "The secret of our app at Canopy.")] = None
    canopy_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Canopy's own address.")] = None
    canopy_token_url: Annotated[str | None, Setting(_HTTP, "Instead of Canopy's own token address.")] = None
    canopy_public_client_id: Annotated[str | None, Setting(TEXT, "Our app at Canopy's public API.")] = None
    canopy_public_client_secret: Annotated[
        Secret | None, Setting(SECRET_TEXT, "The secret of our app at Canopy's public API.")
    ] = None
    canopy_public_base_url: Annotated[str | None, Setting(_HTTP, "Instead of that API's own address.")] = None
    canopy_public_token_url: Annotated[str | None, Setting(_HTTP, "Instead of its own token address.")] = None
    canopy_public_authorize_url: Annotated[str | None, Setting(_HTTP, "Instead of Canopy's own consent page.")] = None
    financial_cents_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Financial Cents' own address.")] = None
    karbon_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Karbon's own address.")] = None
    senta_base_url: Annotated[
        str | None, Setting(_HTTP, "Instead of Senta's own address; `{account}` in it is the practice.")
    ] = None
    sodium_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Sodium's own address.")] = None
    taxdome_base_url: Annotated[str | None, Setting(_HTTP, "Where TaxDome is; without it nobody can connect it.")] = (
        None
    )
    ignition_client_id: Annotated[str | None, Setting(TEXT, "Our app at Ignition.")] = None
    ignition_client_secret: Annotated[Secret | None, Setting(SECRET_TEXT, "The secret of our app at Ignition.")] = None
    ignition_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Ignition's own address.")] = None
    ignition_token_url: Annotated[str | None, Setting(_HTTP, "Instead of Ignition's own token address.")] = None
    ignition_authorize_url: Annotated[str | None, Setting(_HTTP, "Instead of Ignition's own consent page.")] = None
    ignition_revoke_url: Annotated[str | None, Setting(_HTTP, "Instead of Ignition's own address to revoke at.")] = None
    smartvault_client_id: Annotated[str | None, Setting(TEXT, "Our app at SmartVault.")] = None
    smartvault_client_secret: Annotated[Secret | None, Setting(SECRET_TEXT, "The secret of our app at SmartVault.")] = (
        None
    )
    smartvault_base_url: Annotated[str | None, Setting(_HTTP, "Instead of SmartVault's own address.")] = None
    smartvault_authorize_url: Annotated[str | None, Setting(_HTTP, "Instead of SmartVault's own consent page.")] = None
    uku_client_id: Annotated[str | None, Setting(TEXT, "Our app at Uku; without it, firms connect with a key.")] = None
    uku_client_secret: Annotated[Secret | None, Setting(SECRET_TEXT, "The secret of our app at Uku, if any.")] = None
    uku_token_url: Annotated[str | None, Setting(_HTTP, "Instead of Uku's own token address.")] = None
    uku_authorize_url: Annotated[str | None, Setting(_HTTP, "Instead of Uku's own consent page.")] = None
    uku_revoke_url: Annotated[str | None, Setting(_HTTP, "Instead of Uku's own address to revoke at.")] = None
    uku_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Uku's own address.")] = None
    xpm_client_id: Annotated[str | None, Setting(TEXT, "Our app at Xero.")] = None
    xpm_client_secret: Annotated[Secret | None, Setting(SECRET_TEXT, "The secret of our app at Xero.")] = None
    xpm_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Xero's own address.")] = None
    xpm_token_url: Annotated[str | None, Setting(_HTTP, "Instead of Xero's own token address.")] = None
    xpm_authorize_url: Annotated[str | None, Setting(_HTTP, "Instead of Xero's own consent page.")] = None
    xpm_revoke_url: Annotated[str | None, Setting(_HTTP, "Instead of Xero's own address to revoke at.")] = None

    seller_name: Annotated[str | None, Setting(TEXT, "Who bills, as invoices print it.")] = None
    seller_address: Annotated[str, Setting(TEXT, "The seller's address; `;` ends a line.")] = ""
    seller_tax_id: Annotated[str | None, Setting(TEXT, "The seller's tax id, where it has to stand on invoices.")] = (
        None
    )
    seller_email: Annotated[str | None, Setting(TEXT, "Whom customers write to about an invoice.")] = None
    seller_payment: Annotated[str, Setting(TEXT, "How to pay: printed on what is due; `;` ends a line.")] = (
        "Please pay by the due date and name the invoice number."
    )

    stripe_secret_key: Annotated[
        Secret | None, Setting(SECRET_TEXT, "Our account at Stripe; without it invoices end in their documents.")
    ] = None
    stripe_webhook_secrets: Annotated[
        tuple[Secret, ...], Setting(SECRET_TEXTS, "What Stripe signs its webhooks with.")
    ] = ()
    stripe_base_url: Annotated[str | None, Setting(_HTTP, "Instead of Stripe's own address.")] = None

    def __repr__(self) -> str:
        return "Settings(…)"  # the URLs hold passwords
