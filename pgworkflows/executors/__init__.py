"""Where outside steps of `def` may run besides threads: what PGWORKFLOWS["EXECUTORS"] names. Settings may import this.

`processes(n)`, `dask(address)` and `ray(address)` each return a callable that makes a `concurrent.futures.Executor`; any other
callable that makes one will do.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from importlib import import_module

__all__ = ["ExecutorUnavailable", "dask", "processes", "ray"]


class ExecutorUnavailable(BrokenExecutor):
    """The executor cannot be used, and no call is to blame for it."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes an executor of one of our modules, which may import another package; `bound` is how many calls it makes at once."""

    module: str
    name: str
    argument: int | str
    bound: int | None = None

    def __call__(self) -> Executor:
        """Make it."""
        made: Executor = getattr(import_module(f".{self.module}", __name__), self.name)(self.argument)
        return made


def processes(number: int) -> Maker:
    """Run calls in so many processes of this machine; one that dies, or is ended for its time, loses its own call alone."""
    if number < 1:
        raise ValueError(f"processes({number!r}) must be 1 or more.")
    return Maker("children", "Processes", number, bound=number)


def dask(address: str) -> Maker:
    """Run calls on the Dask cluster of the scheduler at this address, such as "tcp://scheduler:8786"."""
    return Maker("dask_cluster", "DaskCluster", address)


def ray(address: str) -> Maker:
    """Run calls on the Ray cluster at this address, such as "ray://head:10001" or "auto"."""
    return Maker("ray_cluster", "RayCluster", address)
