"""The workloads by name, and who is measured in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module

from benchmarks.figures import Figure
from benchmarks.peers import measuring
from benchmarks.run import Contender, Link, Run
from benchmarks.subprocesses import linked

#: Name: module.
WORKLOADS = {
    "W1": "w1_bare",
    "W2": "w2_order",
    "W2f": "w2f_failures",
    "W2n": "w2n_empty_steps",
    "W3": "w3_latency",
    "W4": "w4_waiting",
    "W5": "w5_outside",
    "W6": "w6_hot_row",
    "W7": "w7_growth",
    "W8": "w8_approvals",
    "W9": "w9_crowds",
    "W1L": "w1_bare",
    "W2L": "w2_order",
    "W3L": "w3_latency",
}
#: Those that are measured through a link: of 1 ms there and back.
THROUGH_A_LINK = {"W1L": "W1", "W2L": "W2", "W3L": "W3"}
DELAY = 0.0005


def contenders(name: str, run: Run) -> list[Contender]:
    """List what is measured in one workload, in the order of the first round."""
    if name in THROUGH_A_LINK:
        return _through_a_link(name, run)
    module = import_module(f"benchmarks.workloads.{WORKLOADS[name]}")
    ours: list[Contender] = module.contenders(run)
    return ours + measuring.contenders(run, name)


def _through_a_link(name: str, run: Run) -> list[Contender]:
    direct, link = THROUGH_A_LINK[name], Link(seconds=DELAY)
    processes = run.sizes.linked_processes if direct == "W2" else run.processes[:1]
    through = replace(run, link=link, sizes=run.sizes.through_a_link(), processes=processes)

    def measure(contender: Contender) -> Iterator[Figure]:
        with linked(run.server.url, link.seconds) as link.port:
            for figure in contender.measure():
                yield replace(figure, key=replace(figure.key, workload=name))

    listed = [contender for contender in contenders(direct, through) if contender.linked]
    return [replace(contender, measure=partial(measure, contender)) for contender in listed]
