"""The object store: MiniStack, S3 only, on disk."""

from __future__ import annotations

import sys

from infra.local.instance import HOST, Instance


def command() -> tuple[str, ...]:
    """The command line of the store's process."""
    return (sys.executable, "-m", "ministack")


def environment(instance: Instance) -> dict[str, str]:
    """What the store's process must know; without it, it would listen on every address and forget everything."""
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(instance.port("store")),
        "SERVICES": "s3",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(instance.home / "store"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_WORKER_THREADS": "8",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(instance.home / "tmp"),
    }
