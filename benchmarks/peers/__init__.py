"""The peers, one file each, set up at their documented best; each runs in processes of its own."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from benchmarks.peers.peer import Peer

#: Name: what must be importable besides our own file.
PEERS = {
    "dbos": ("dbos",),
    "absurd": ("absurd_sdk", "absurdctl"),
    "procrastinate": ("procrastinate",),
    "pgqueuer": ("pgqueuer", "asyncpg"),
    "oban": ("oban",),
    "django_tasks": ("django_tasks", "django_tasks_db"),
}


def load(name: str) -> Peer:
    """Return a peer; this imports nothing of its library."""
    peer: Peer = import_module(f"benchmarks.peers.{name}").PEER
    return peer


def missing(name: str) -> list[str]:
    """List the modules of a peer that are not installed."""
    return [module for module in PEERS[name] if find_spec(module) is None]
