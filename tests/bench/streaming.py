"""The consumer beside its peers on the same topic, broker and store; with poison, a long backlog, and a second consumer. Then the producer."""

from __future__ import annotations

import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from infra.local.instance import ROOT
from tests.bench import peers, topics
from tests.bench.pair import measure_pair
from tests.bench.results import record
from tests.bench.sinks import Run, Services, Sink, drain, ticklake
from tests.bench.topics import Backlog
from tests.fixtures.broker import running_broker
from tests.fixtures.services import object_store
from ticklake_io.kafka_view import KafkaView

ROUNDS = 3
MILLION = 1_000_000
BAD_EVERY = 100
PRODUCED = 250_000
CLIENTS = {"kafka-python": "", "confluent": "fast_"}
"""Our consumer's clients, and how the names of their figures begin."""


def measure() -> None:
    """Measure in a broker and a store of their own."""
    with tempfile.TemporaryDirectory(prefix="tl-bench-") as folder:
        home = Path(folder)
        with running_broker(home) as broker, object_store(home) as store:
            services = Services(broker, store, home)
            for topic in ("market.ticks.dlq", "lake.landings"):
                topics.create(broker, topic, partitions=1)
            medians = _rounds(services)
            _long_backlog(services, medians)
            _producer(services)


def _rounds(services: Services) -> Mapping[str, Run]:
    """Every sink on the same topic, round by round; the medians by name."""
    million = topics.load(services.broker, "bench.ticks", MILLION)
    poison = topics.load(services.broker, "bench.poison", MILLION, bad_every=BAD_EVERY)
    jobs: dict[str, tuple[Sink, Backlog]] = {}
    for client in CLIENTS:
        jobs[client] = ticklake(client), million
        jobs[f"{client}, poison"] = ticklake(client), poison
    jobs |= {sink.name: (sink, million) for sink in (peers.quixstreams(), *map(peers.minimal, CLIENTS))}
    runs: dict[str, list[Run]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, (sink, backlog) in jobs.items():
            runs[name].append(_checked(drain(services, sink, backlog), name, backlog))
    medians = {name: _median(each) for name, each in runs.items()}
    _tell(medians, runs)
    quix = peers.quixstreams().name
    for client, prefix in CLIENTS.items():
        least = peers.minimal(client).name
        record(f"{prefix}consumer_rate", round(medians[client].rate), "records/s", quix, round(medians[quix].rate))
        record(f"{prefix}consumer_vs_quixstreams_parquet", _ratio(runs[client], runs[quix]), "ratio", least, _ratio(runs[least], runs[quix]))
        record(f"{prefix}consumer_rate_with_poison", _ratio(runs[f"{client}, poison"], runs[client]), "ratio")
    return medians


def _ratio(runs: Sequence[Run], others: Sequence[Run]) -> float:
    """The median of what each round says, because the machine may be quicker in one round than in another."""
    return round(statistics.median(one.rate / other.rate for one, other in zip(runs, others, strict=True)), 2)


def _checked(run: Run, name: str, backlog: Backlog) -> Run:
    """Raises RuntimeError for a sink of ours that lost or doubled a record, or took a bad one for a tick or the other way round."""
    audit = run.audit
    print(f"  {name:<34}{run.rate:>10,.0f} records/s{run.cpu_s:>6.1f} CPU-s/M, missing {audit.missing}, duplicated {audit.duplicated}", flush=True)
    if name.startswith(tuple(CLIENTS)) and (audit.missing, audit.duplicated, audit.rejected) != (0, 0, backlog.bad):
        raise RuntimeError(f"{name}: {audit}")
    return run


def _median(runs: Sequence[Run]) -> Run:
    """The run with the median rate."""
    return sorted(runs)[len(runs) // 2]


def _tell(medians: Mapping[str, Run], runs: Mapping[str, Sequence[Run]]) -> None:
    print("| sink | records/s, median (min-max) | CPU-s per M | peak RSS MB | objects | MB stored | missing / duplicated |")
    print("|---|---|---|---|---|---|---|")
    for name, run in medians.items():
        rates = [each.rate for each in runs[name]]
        spread = f"{run.rate:,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"
        cpu, peak = (statistics.median(getattr(each, figure) for each in runs[name]) for figure in ("cpu_s", "peak_bytes"))
        audit = run.audit
        stored = f"{audit.objects} | {audit.stored_bytes / 1e6:.1f} | {audit.missing} / {audit.duplicated}"
        print(f"| {name} | {spread} | {cpu:.1f} | {peak / 1e6:.0f} | {stored} |", flush=True)


def _long_backlog(services: Services, medians: Mapping[str, Run]) -> None:
    """Five times the records, for the memory; and shared by two."""
    long = topics.load(services.broker, "bench.long", 5 * MILLION)
    for client, prefix in CLIENTS.items():
        run = _checked(drain(services, ticklake(client), long), f"{client}, 5 million", long)
        record(f"{prefix}consumer_rss_growth_1m_to_5m", round(run.peak_bytes / medians[client].peak_bytes, 2), "ratio")
        record(f"{prefix}consumer_peak_rss_5m", round(run.peak_bytes / 1e6), "MB")
    rates = measure_pair(services, long)
    record("consumer_pair_rate", round(sum(rates)), "records/s", "one consumer", round(medians["kafka-python"].rate))
    record("consumer_pair_share", round(min(rates) / sum(rates), 2), "ratio", "even", 0.5)


def _producer(services: Services) -> None:
    """One process that replays a file of trades as fast as it goes, until the last is acknowledged."""
    file = _trades(services.home)
    for client, prefix in CLIENTS.items():
        rate = statistics.median(_replay(services, file, client, f"bench.replay.{prefix}{n}") for n in range(ROUNDS))
        record(f"{prefix}producer_replay_rate", round(rate), "ticks/s")


def _trades(home: Path) -> Path:
    """A file of real trades where there is one, else a made one."""
    folder = Path(os.environ.get("TICKLAKE_TEST_DATA", ROOT.parent / "shared" / "data"))
    file = folder / "us_trades_2013-10-07_SPY.csv.gz"
    if file.exists():
        return file
    made = home / "trades.csv.gz"
    with gzip.open(made, "wt", compresslevel=1) as out:
        out.write("symbol,event_time,price,size,exchange,conditions\n")
        for each in topics.ticks(1, 0, PRODUCED):
            out.write(f"SPY,{each.event_time:%Y-%m-%dT%H:%M:%S.%fZ},{each.price},{each.size},P,\n")
    return made


def _replay(services: Services, file: Path, client: str, topic: str) -> float:
    """Ticks a second, as the process itself says; the broker must have as many."""
    topics.create(services.broker, topic)
    environment = services.environment(topic, "none", "none") | {"TICKLAKE_KAFKA_CLIENT": client}
    command = [str(Path(sys.executable).with_name("ticklake")), "produce", "--source", "replay", "--speed", "max", "--file", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    said = re.search(r"(\d+) acknowledged.* (\d+) ticks/s", done.stderr)
    with closing(KafkaView(services.broker)) as view:
        if not said or sum(view.ends(topic).values()) != int(said[1]):
            raise RuntimeError(f"the replay failed: {done.stderr[-2000:]}")
    return float(said[2])
