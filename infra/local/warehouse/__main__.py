"""`python -m infra.local.warehouse` serves the warehouse of the instance that the environment names."""

from __future__ import annotations

import argparse
import logging
import warnings

import uvicorn

from infra.local.instance import BUCKET, HOST, Instance
from infra.local.warehouse.app import application
from infra.local.warehouse.engine import open_engine, store_file_system
from infra.local.warehouse.sessions import Engine
from infra.local.warehouse.tls import certificate
from ticklake_io.migrations import always

DATABASE = "TICKLAKE"


def main() -> None:
    """Open the databases, bring back what lives in memory only, and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infra.local.warehouse", description=__doc__)
    parser.add_argument("--silence", type=float, default=30.0, metavar="SECONDS", help="how long a transaction may be without a statement")
    parser.add_argument("--host", default=HOST, help="address to listen on")
    parser.add_argument("--store", metavar="URL", help="where the object store is; this instance's own without it")
    parser.add_argument("--certificate", metavar="FILE", help="key and certificate that clients are shown, PEM; made up without it")
    options = parser.parse_args()
    # fakesnow fetches results that way; nothing here can change it.
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
    instance = Instance.current()
    engine = open_engine(instance.home / "warehouse", store_file_system(options.store or instance.urls()["store"]))
    restore(engine)
    logging.getLogger("fakesnow.server").setLevel(logging.ERROR)
    server_file = options.certificate or str(certificate(instance))
    port = instance.port("warehouse")
    app = application(engine, silence_s=options.silence)
    uvicorn.run(app, host=options.host, port=port, ssl_certfile=server_file, log_level="warning", timeout_graceful_shutdown=5, timeout_keep_alive=60)


def restore(engine: Engine) -> None:
    """Run the scripts that run every time: stages and file formats are forgotten at every stop.

    A database without schemas has none yet; the migrations come next.
    """
    session = engine.connect(database=DATABASE)
    try:
        if session.cursor().execute("SELECT 1 FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = 'RAW'").fetchone():
            for script in always(BUCKET):
                for statement in script.statements():
                    session.cursor().execute(statement)
    finally:
        session.close()


if __name__ == "__main__":
    main()
