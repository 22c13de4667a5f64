"""The generation of a topic's life. A recreated topic has another id and gets the next generation, so its offsets cannot collide.

The markers are create-only objects: consumers that start together agree on one.
"""

from __future__ import annotations

import json

from ticklake import lake
from ticklake.errors import StoreUnavailable
from ticklake_io.store import ObjectStore


def find(store: ObjectStore, topic: str, topic_id: str) -> int | None:
    """The generation that belongs to a topic's id; None when no consumer has seen that id yet."""
    return _markers(store, topic).get(topic_id)


def claim(store: ObjectStore, topic: str, topic_id: str) -> int:
    """The generation that belongs to a topic's id, made now when the id is new."""
    while True:
        markers = _markers(store, topic)
        if topic_id in markers:
            return markers[topic_id]
        generation = max(markers.values(), default=0) + 1
        marker = {"generation": generation, "topic": topic, "topic_id": topic_id}
        if store.create(lake.generation_key(topic, generation), json.dumps(marker).encode(), {}):
            return generation


def _markers(store: ObjectStore, topic: str) -> dict[str, int]:
    """Generations by topic id."""
    found = {}
    for listed in store.list(lake.generations_prefix(topic)):
        body = store.read(listed.key)
        if body is None:
            raise StoreUnavailable(f"{listed.key} is listed but is not there")
        marker = json.loads(body)
        found[str(marker["topic_id"])] = int(marker["generation"])
    return found
