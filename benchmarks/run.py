"""What every workload is given, and what it gives back: contenders to be measured in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from benchmarks.figures import Figure, Results
from benchmarks.server import Server
from benchmarks.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One thing to measure in a workload: an engine, Django, or a limit, with so many processes."""

    subject: str
    processes: int = 1
    #: Whether it is a peer, whose failure is not ours.
    peer: bool = False
    #: Whether only worker processes do it, so that it can be measured through a link too.
    linked: bool = False
    #: Whether the first round is enough: no target hangs on it, and it takes long.
    once: bool = False
    measure: Callable[[], Iterable[Figure]]


@dataclass(slots=True, kw_only=True)
class Link:
    """A link with a delay, in seconds each way, and the port that it has while something is measured through it."""

    seconds: float
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The server, the sizes, the numbers of processes, the peers that take part, and where wrong counts go."""

    server: Server
    sizes: Sizes
    processes: tuple[int, ...]
    peers: tuple[str, ...]
    results: Results
    #: What workers reach the server through; without one they reach it at once.
    link: Link | None = None

    def address(self, url: str) -> str:
        """Return the address of a database as its workers get it."""
        if self.link is None:
            return url
        return urlunsplit(urlsplit(url)._replace(netloc=f"{urlsplit(url).netloc.rpartition('@')[0]}@127.0.0.1:{self.link.port}"))

    def worker_env(self) -> dict[str, str]:
        """Return what tells our workers where their database is."""
        return {"BENCHMARK_DATABASE_URL": self.address(self.server.url)}
