"""quixstreams' S3FileSink writing Parquet, as its documentation shows it; runs in the peers' own environment.

It types columns by what it finds in a batch, so prices and times stay text, and keeps no offset.
"""

from __future__ import annotations

import os
import signal

from quixstreams import Application
from quixstreams.sinks.community.file.formats import ParquetFormat
from quixstreams.sinks.community.file.s3 import S3FileSink


class CountingSink(S3FileSink):
    """Says when the first record is in its hands, and ends the application, which then commits, with the last."""

    def __init__(self, application: Application, records: int, **options: object) -> None:
        super().__init__(**options)
        self._application, self._left, self._first = application, records, True

    def add(self, *record: object, **named: object) -> None:
        if self._first:
            self._first = False
            print("begun", flush=True)
        super().add(*record, **named)
        self._left -= 1
        if not self._left:
            self._application.stop()


def main() -> None:
    """Move as many records as there are, and commit."""
    environ = os.environ
    application = Application(
        broker_address=environ["TICKLAKE_KAFKA_BOOTSTRAP"],
        consumer_group=environ["TICKLAKE_KAFKA_GROUP"],
        auto_offset_reset="earliest",
        commit_every=20_000,
        commit_interval=5.0,
        loglevel="ERROR",
    )
    sink = CountingSink(
        application,
        int(environ["BENCH_RECORDS"]),
        bucket=environ["TICKLAKE_S3_BUCKET"],
        endpoint_url=environ["TICKLAKE_S3_ENDPOINT"],
        format=ParquetFormat(compression="zstd"),
    )
    application.dataframe(application.topic(environ["TICKLAKE_TICKS_TOPIC"], value_deserializer="json")).sink(sink)
    application.run()
    signal.pause()  # to be looked at


if __name__ == "__main__":
    main()
