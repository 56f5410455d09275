"""Measuring any peer in the workloads that it can do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg

from benchmarks.drains import steady_rate
from benchmarks.figures import Figure, Key
from benchmarks.latency import percentiles
from benchmarks.patience import wait_until
from benchmarks.peers import load
from benchmarks.peers.peer import EFFECTS, EMPTY, STEPS, Peer, Setup
from benchmarks.run import Contender, Run
from benchmarks.server import settle
from benchmarks.subprocesses import Workers, run_program, running
from benchmarks.workloads import w1_bare

PROGRAM = "benchmarks.peers.program"
FEWEST = 20


def contenders(run: Run, workload: str) -> list[Contender]:
    """List the peers that take part in a workload, each in each of its setups."""
    measures = {"W1": measure_backlog, "W2": measure_backlog, "W3": measure_latency, "W4": measure_waiting}
    if workload not in measures:
        return []
    several = workload in ("W1", "W2") and not run.sizes.quick
    return [
        Contender(
            subject=setup.subject,
            processes=processes,
            peer=True,
            linked=not setup.once and not run.sizes.quick,
            once=setup.once or workload == "W4" or processes != run.processes[0],
            measure=partial(measures[workload], run, load(name), setup, processes),
        )
        for name in run.peers
        for setup in load(name).setups
        if setup.workload == workload and not (setup.once and run.sizes.quick)
        for processes in (run.processes if several else run.processes[:1])
    ]


def _key(setup: Setup, name: str, processes: int = 1) -> Key:
    return Key(workload=setup.workload, subject=setup.subject, name=name, processes=processes)


def _act(url: str, peer: Peer, action: str, **given: Any) -> Any:
    return run_program(PROGRAM, peer.name, action, json.dumps(given), env={"BENCHMARK_PEER_URL": url})


def _prepare(run: Run, peer: Peer, setup: Setup) -> str:
    url = run.server.fresh_for(f"bench_{peer.name}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EFFECTS)
    _act(url, peer, "prepare", options=setup.options)
    return url


def _workers(run: Run, url: str, peer: Peer, setup: Setup, processes: int) -> Any:
    commands = []
    for index in range(processes):
        given = json.dumps({"index": index, "options": setup.options})
        commands.append([sys.executable, "-m", PROGRAM, peer.name, "work", given])
    return running(commands, {"BENCHMARK_PEER_URL": run.address(url)})


def _value(url: str, statement: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def measure_backlog(run: Run, peer: Peer, setup: Setup, processes: int) -> Iterator[Figure]:
    """Enqueue one by one and in bulk, then drain; a drain's rate is taken as ours is."""
    count = max(FEWEST, int(setup.rate * run.sizes.peer_seconds))
    url = _prepare(run, peer, setup)
    if setup.job == EMPTY and processes == run.processes[0] and run.link is None:
        singly = min(count // 2, run.sizes.one_by_one)
        slow = _act(url, peer, "enqueue", job=setup.job, prefix="a", count=singly, bulk=False)
        fast = _act(url, peer, "enqueue", job=setup.job, prefix="b", count=count - singly, bulk=True)
        yield Figure(key=_key(setup, w1_bare.ONE_BY_ONE), value=singly / slow, unit="workflows/s")
        yield Figure(key=_key(setup, w1_bare.IN_BULK), value=(count - singly) / fast, unit="workflows/s")
    else:
        _act(url, peer, "enqueue", job=setup.job, prefix="b", count=count, bulk=True)
    settle(url)
    with _workers(run, url, peer, setup, processes) as workers:
        times = _drain(url, peer, setup, count, workers)
    _check(run, url, setup, processes, count, len(times))
    name, unit = (w1_bare.DRAIN, "workflows/s") if setup.job == EMPTY else ("orders", "orders/s")
    yield Figure(key=_key(setup, name, processes), value=steady_rate(times) / setup.parts, unit=unit)


def _drain(url: str, peer: Peer, setup: Setup, count: int, workers: Workers) -> list[float]:
    """Wait until all is done, or for as long as is reasonable; return the times of what was done."""
    statement = peer.finish_times(setup.job)
    number = f"SELECT count(*) FROM ({statement}) AS finished"
    wanted = count * setup.parts
    wait_until(lambda: _value(url, number) >= wanted, f"{setup.subject} to finish", workers.check, give_up=True)
    with psycopg.connect(url, autocommit=True) as connection:
        return [float(row[0]) for row in connection.execute(statement)]


EFFECT_COUNTS = "SELECT count(*), count(DISTINCT (tag, step)) FROM effect"


def _check(run: Run, url: str, setup: Setup, processes: int, count: int, finished: int) -> None:
    """Hold a peer to the same counts as ourselves."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(EFFECT_COUNTS).fetchone()
    assert row is not None
    rows = 0 if setup.job == EMPTY else count * STEPS
    run.results.check(
        f"{setup.workload} {setup.subject}, {processes} process(es)",
        {"finished": finished, "business rows": row[0], "different business rows": row[1]},
        {"finished": count * setup.parts, "business rows": rows, "different business rows": rows},
    )


def measure_latency(run: Run, peer: Peer, setup: Setup, processes: int) -> Iterator[Figure]:
    """Start one job after another beside idle workers, in a process that holds the peer's client."""
    url = _prepare(run, peer, setup)
    with _workers(run, url, peer, setup, processes):
        counts = {"count": run.sizes.peer_latencies, "warm_up": run.sizes.warm_up_latencies}
        found = _act(url, peer, "latency", job=setup.job, prefix="l", pause=setup.longest_pause, **counts)
    rows = {"business rows": _value(url, "SELECT count(*) FROM effect")}
    run.results.check(f"{setup.workload} {setup.subject}", rows, {"business rows": sum(counts.values())})
    for name, milliseconds in percentiles(found).items():
        yield Figure(key=_key(setup, name, processes), value=milliseconds, unit="ms")


def measure_waiting(run: Run, peer: Peer, setup: Setup, processes: int) -> Iterator[Figure]:
    """Let many wait, look at the worker, and wake them all."""
    count = run.sizes.peer_waiting
    url = _prepare(run, peer, setup)
    _act(url, peer, "enqueue", job=setup.job, prefix="w", count=count, bulk=True)
    settle(url)
    with _workers(run, url, peer, setup, processes) as workers:
        wait_until(lambda: _value(url, peer.waiting()) >= count, f"{setup.subject} to wait", workers.check)
        yield Figure(key=_key(setup, f"memory, {count:,} waiting", processes), value=workers.largest_mib(), unit="MiB a worker")
        yield Figure(key=_key(setup, f"threads, {count:,} waiting", processes), value=workers.threads(), unit="threads")
        began = _value(url, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint") / 1000
        _act(url, peer, "wake", prefix="w", count=count)
        times = _drain(url, peer, setup, count, workers)
    run.results.check(f"{setup.workload} {setup.subject}", {"finished": len(times)}, {"finished": count})
    rate = len(times) / (max(times) - began) if times else 0.0
    yield Figure(key=_key(setup, f"finish, {count:,} waiting", processes), value=rate, unit="workflows/s")
