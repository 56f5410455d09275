"""One file a workload; each lists its contenders."""

from __future__ import annotations

from importlib import import_module

from benchmarks.run import Contender, Run

#: Name: module.
WORKLOADS = {"W2": "w2_order"}


def contenders(name: str, run: Run) -> list[Contender]:
    """List what is measured in one workload, in the order of the first round."""
    module = import_module(f"benchmarks.workloads.{WORKLOADS[name]}")
    listed: list[Contender] = module.contenders(run)
    return listed
