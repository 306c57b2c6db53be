"""An OpenID Connect issuer of our own: real HTTP, real signatures, and as strict as the standard lets it be."""

import hashlib
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT_ID = "tick:mark"
CLIENT_SECRET = "s+cret/of us"


class Code(msgspec.Struct, frozen=True):
    """A code that was given and not yet redeemed."""

    redirect_uri: str
    challenge: str
    nonce: str
    subject: str
    email: str


class LocalIssuer:
    """Signs in whoever it is told to, without asking; misbehaves where a test says so."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.subject, self.email, self.email_verified = "person-1", "ada@harbor.example", True
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.published = self.key
        self.claims: dict[str, Any] = {}
        """What is said instead of the truth in the next tokens."""
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.answer_iss = url
        self.codes: dict[str, Code] = {}
        self.seen: list[dict[str, str]] = []
        self.refusals: list[str] = []

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent next."""
        self.seen.append(query)
        code = secrets.token_urlsafe(16)
        place, challenge = query["redirect_uri"], query["code_challenge"]
        self.codes[code] = Code(place, challenge, query["nonce"], self.subject, self.email)
        return f"{place}?{urlencode({'code': code, 'state': query['state'], 'iss': self.answer_iss})}"

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens for a code; None for anything that is not exactly right."""
        pair = b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        code = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        checks = {
            "client": [unquote_plus(part) for part in pair] == [CLIENT_ID, CLIENT_SECRET],
            "grant": form.get("grant_type") == "authorization_code",
            "code": code is not None,
            "redirect": code is not None and form.get("redirect_uri") == code.redirect_uri,
            "pkce": code is not None and urlsafe_b64encode(verifier).rstrip(b"=").decode() == code.challenge,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong or code is None:
            self.refusals += wrong
            return None
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": self.id_token(code)}

    def id_token(self, code: Code) -> str:
        at = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": code.subject,
            "aud": CLIENT_ID,
            "iat": at,
            "exp": at + 300,
            "nonce": code.nonce,
            "email": code.email,
            "email_verified": self.email_verified,
        }
        key: Any = OctKey.import_key(CLIENT_SECRET) if self.header["alg"] == "HS256" else self.key
        said = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        if self.header["alg"] == "none":
            head, body = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (self.header, said))
            return f"{head.decode()}.{body.decode()}."
        return jwt.encode(self.header, said, key, algorithms=["RS256", "HS256"])


@contextmanager
def running_issuer() -> Generator[LocalIssuer]:
    """An issuer on a port of its own, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", issuer.authorize(query))
                self.end_headers()
            elif parts.path == "/keys":
                self._json(200, KeySet([issuer.published]).as_dict(private=False))
            elif parts.path == "/.well-known/openid-configuration":
                self._json(200, issuer.metadata())
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            tokens = issuer.redeem(form, self.headers.get("Authorization", ""))
            self._json(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
            pass

        def _json(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = LocalIssuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
