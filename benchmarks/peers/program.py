"""`python -m benchmarks.peers.program PEER ACTION JSON`: one act of a peer in a process of its own; prints JSON."""

from __future__ import annotations

import itertools
import json
import os
import sys
from typing import Any

from benchmarks.latency import sample
from benchmarks.peers import load
from benchmarks.peers.peer import Peer


def act(peer: Peer, action: str, url: str, given: dict[str, Any]) -> Any:
    """Do one thing; return what the driver wants to know."""
    if action == "prepare":
        return peer.prepare(url, given["options"])
    if action == "work":
        return peer.work(url, given["index"], given["options"])
    tags = [f"{given['prefix']}{number}" for number in range(given["count"])]
    if action == "enqueue":
        return peer.enqueue(url, given["job"], tags, bulk=given["bulk"])
    if action == "wake":
        return peer.wake(url, tags)
    if action == "latency":
        start, done = peer.starter(url, given["job"])
        names = map("{}{}".format, itertools.repeat(given["prefix"]), itertools.count())
        return sample(url, lambda: start(next(names)), done, given["count"], given["warm_up"], given["pause"])
    raise ValueError(f"there is no action {action!r}")


def main() -> None:
    """Act, print, and end at once: some clients leave threads behind."""
    name, action, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    result = act(load(name), action, os.environ["BENCHMARK_PEER_URL"], given)
    print(json.dumps(result), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
