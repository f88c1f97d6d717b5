"""The store on Redis for tests, and a reader that looks past it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import redis

from sojourn.core.tokens import route_of
from sojourn.stores.redis.keys import CONTAINERS, PREFIX, key
from tests.services.cluster import Cluster

SORTED_BY_SUBJECT = ("history", "ticketed", "told", "waiting", "due")


class RedisReader:
    """Reads the containers of a subject's route by plain commands."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        found = []
        for sid, record in self.client.hgetall(key(PREFIX, route_of(subject), "sessions")).items():
            head, _, body = record.decode().partition("\n")
            if json.loads(body)[1] == subject:
                found.append({"sid": sid.decode(), "state": head.split(" ")[1], "record": record})
        return found

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        route = route_of(subject)
        members = self.client.zrange(key(PREFIX, route, "told"), 0, -1)
        ids = [member.split(b"\0", 1)[1][16:] for member in members if member.split(b"\0", 1)[0].decode() == subject]
        records = self.client.hmget(key(PREFIX, route, "events"), ids) if ids else []
        return [json.loads(record.split(b"\n", 3)[3]) for record in records]

    def remains(self, subject: str) -> list[Any]:
        """Every key of the route is looked through: no entry may name the subject, whatever container it is in."""
        found: list[Any] = []
        for container in CONTAINERS:
            name = key(PREFIX, route_of(subject), container)
            kind = self.client.type(name)
            if kind == b"hash":
                entries = sorted(self.client.hgetall(name).items())
            elif kind == b"zset":
                entries = sorted(self.client.zrange(name, 0, -1, withscores=True))
            else:
                continue
            text = subject.encode()
            sids = {row["sid"].encode() for row in self.session_rows(subject)}
            found += [(container, *each) for each in entries if text in each[0] or each[0] in sids]
            if kind == b"hash" and container != "meta":
                found += [(container, *each) for each in entries if text in each[1] and text not in each[0]]
        return sorted(found)


def client_of(server: Any) -> Any:
    """A client of redis-py's own; of a Cluster's, if it is one."""
    if isinstance(server, Cluster):
        return redis.RedisCluster.from_url(server.nodes[0].url())
    return redis.Redis.from_url(server.url())
