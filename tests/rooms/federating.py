"""A Synapse that speaks with other servers on the loopback interface, and requests as such a server makes them, with the whole answer."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from supportd.demo.synapse import Synapse, free_port
from supportd.matrix.signing import base64_of, bytes_of, canonical, signature

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
FEDERATION = "_matrix/federation/v1"
FEDERATION_V2 = "_matrix/federation/v2"


class Federating(Synapse):
    """A server whose name is its own address, so that others find it without DNS."""

    def __init__(self, folder: Path, python: Path) -> None:
        """Keep everything in ``folder``; it speaks with nobody before :meth:`befriend`."""
        super().__init__(folder, python)
        self.server_port = free_port()
        self.server_name = f"{HOST}:{self.server_port}"
        self.extra |= {
            "listeners": [listener(self.port, "client", tls=False), listener(self.server_port, "federation", tls=True)],
            "tls_certificate_path": str(folder / "tls.crt"),
            "tls_private_key_path": str(folder / "tls.key"),
            "federation_verify_certificates": False,
            # Synapse speaks with no server on loopback unless it is told to.
            "federation_ip_range_blacklist": [],
            "allow_public_rooms_over_federation": True,
            # A lax server: whoever may in a room puts it into the public list.
            "room_list_publication_rules": [{"action": "allow"}],
        }
        _certificate(folder)

    def befriend(self, *others: Federating) -> None:
        """Let it speak with these; call it before the start."""
        self.extra["federation_domain_whitelist"] = [self.server_name, *(one.server_name for one in others)]

    def key(self) -> tuple[str, str, str]:
        """Return kind, name and seed of the key it signs with."""
        kind, name, seed = (self.folder / "signing.key").read_text().split()
        return kind, name, seed


def signed(event: dict[str, Any], by: Federating) -> dict[str, Any]:
    """Return a membership event as the server ``by`` would send it: with its hash and signature (specification, "Signing Events").

    It must hold nothing that redacting it would take away.
    """
    bare = {key: value for key, value in event.items() if key not in {"signatures", "unsigned", "hashes"}}
    hashed = bare | {"hashes": {"sha256": base64_of(sha256(canonical(bare)).digest())}}
    _kind, key, seed = by.key()
    return hashed | {"signatures": {by.server_name: {f"ed25519:{key}": signature(bytes_of(seed), hashed)}}}


def listener(port: int, what: str, *, tls: bool) -> dict[str, Any]:
    """Return a listener of homeserver.yaml for ``what`` on the loopback interface."""
    resources = [{"names": [what], "compress": False}]
    return {"port": port, "type": "http", "tls": tls, "bind_addresses": [HOST], "resources": resources}


def _certificate(folder: Path) -> None:
    """Write a self-signed certificate for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, old = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tls.crt").write_bytes(made.public_bytes(pem))
    (folder / "tls.key").write_bytes(key.private_bytes(pem, old, serialization.NoEncryption()))


async def asked_by_server(by: Federating, to: str, base: str, method: str, where: str, body: Any = None) -> tuple[int, Any]:
    """Let the server ``by`` ask the one named ``to`` at the address ``base``, signed; returns the status and the answer."""
    uri = f"/{where}"
    request = {"method": method, "uri": uri, "origin": by.server_name, "destination": to}
    _kind, key, seed = by.key()
    sign = signature(bytes_of(seed), request if body is None else request | {"content": body})
    header = f'X-Matrix origin="{by.server_name}",destination="{to}",key="ed25519:{key}",sig="{sign}"'
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(base + uri, encoded=True), json=body, headers={"Authorization": header}, ssl=_trusting()) as answer,
    ):
        return answer.status, json.loads(await answer.text() or "null")


def _trusting() -> ssl.SSLContext:
    # The certificate is made for the test; who asks is proven by the signature.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
