"""The workloads by name, and who is measured in each."""

from __future__ import annotations

from importlib import import_module

from benchmarks.peers import measuring
from benchmarks.run import Contender, Run

#: Name: module.
WORKLOADS = {
    "W1": "w1_bare",
    "W2": "w2_order",
    "W2n": "w2n_empty_steps",
    "W3": "w3_latency",
    "W4": "w4_waiting",
    "W5": "w5_outside",
    "W6": "w6_hot_row",
    "W7": "w7_growth",
    "W8": "w8_approvals",
}


def contenders(name: str, run: Run) -> list[Contender]:
    """List what is measured in one workload, in the order of the first round."""
    module = import_module(f"benchmarks.workloads.{WORKLOADS[name]}")
    ours: list[Contender] = module.contenders(run)
    return ours + measuring.contenders(run, name)
