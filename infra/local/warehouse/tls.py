"""The warehouse's certificate. Its authority is the instance's own and is kept in the instance's directory."""

from __future__ import annotations

from pathlib import Path

import certifi
import trustme

from infra.local.files import write_private
from infra.local.instance import HOST, Instance


def certificate(instance: Instance) -> Path:
    """The file with the server's key and certificate; made once, together with what clients must trust."""
    server = instance.home / "tls" / "server.pem"
    if not server.exists():
        authority = trustme.CA(organization_name="Ticklake", organization_unit_name=instance.home.name[:60])
        issued = authority.issue_cert(HOST, "localhost")
        ca = authority.cert_pem.bytes().decode()
        write_private(instance.trust_file, Path(certifi.where()).read_text() + ca)
        write_private(instance.ca_file, ca)
        write_private(server, issued.private_key_and_cert_chain_pem.bytes().decode())
    return server
