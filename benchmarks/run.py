"""What every workload is given, and what it gives back: contenders to be measured in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
    #: Whether the first round is enough: no target hangs on it, and it takes long.
    once: bool = False
    measure: Callable[[], Iterable[Figure]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The server, the sizes, the numbers of processes, the peers that take part, and where wrong counts go."""

    server: Server
    sizes: Sizes
    processes: tuple[int, ...]
    peers: tuple[str, ...]
    results: Results
