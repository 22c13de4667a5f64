"""The warehouse's certificate. Its authority is the instance's own and is kept in the instance's directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import certifi
import trustme

from infra.local.files import write_private
from infra.local.instance import HOST, Instance


def certificate(instance: Instance) -> Path:
    """The file with the server's key and certificate; made once, and the authority that clients must trust with it."""
    server = instance.home / "tls" / "server.pem"
    if not server.exists():
        authority = trustme.CA(organization_name="Ticklake", organization_unit_name=instance.home.name[:60])
        issued = authority.issue_cert(HOST, "localhost")
        write_private(instance.ca_file, authority.cert_pem.bytes().decode())
        write_private(server, issued.private_key_and_cert_chain_pem.bytes().decode())
    return server


def write_trust(instance: Instance, environ: Mapping[str, str] = os.environ) -> None:
    """Write what the instance's processes trust: whom the caller trusts (a company's proxy, say), and the warehouse."""
    named = (environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))
    others = next((name for name in named if name and name != str(instance.trust_file) and Path(name).is_file()), certifi.where())
    write_private(instance.trust_file, Path(others).read_text() + "\n" + instance.ca_file.read_text())
