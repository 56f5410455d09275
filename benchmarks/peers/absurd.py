"""Absurd: its asynchronous client, ten tasks at once, fifty claimed together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import psycopg

from benchmarks.peers.peer import CHUNK, EMPTY, INSERT_EFFECT, ONE, ORDER, STEPS, WAIT, Peer, Setup

SUBJECT = "Absurd"
QUEUE = "bench"
BUSY = {"concurrency": 10, "batch_size": 50}


class AbsurdPeer(Peer):
    """Its schema is the one in the wheel of its command-line program of the same version."""

    name = "absurd"
    setups = (
        Setup(workload="W1", subject=SUBJECT, job=EMPTY, rate=650, options=BUSY),
        Setup(workload="W2", subject=SUBJECT, job=ORDER, rate=110, options=BUSY),
        Setup(workload="W3", subject=SUBJECT, job=ONE, rate=1, once=True, longest_pause=0.35, options=BUSY),
        Setup(workload="W3", subject="Absurd, polling every 20 ms", job=ONE, rate=1, options={**BUSY, "poll_interval": 0.02}),
        Setup(workload="W4", subject=SUBJECT, job=WAIT, rate=475, options=BUSY),
    )

    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Load the schema and create the queue."""
        import absurdctl

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(absurdctl.BUNDLED_SCHEMA_SQL)
            connection.execute("SELECT absurd.create_queue(%s)", (QUEUE,))

    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Spawn one by one; it has no bulk verb, so many share a transaction."""
        from absurd_sdk import Absurd

        if not bulk:
            client = Absurd(url, queue_name=QUEUE)
            began = time.perf_counter()
            for tag in tags:
                client.spawn(job, {"tag": tag}, queue=QUEUE)
            return time.perf_counter() - began
        with psycopg.connect(url) as connection:
            client = Absurd(connection, queue_name=QUEUE)
            began = time.perf_counter()
            for first in range(0, len(tags), CHUNK):
                with connection.transaction():
                    for tag in tags[first : first + CHUNK]:
                        client.spawn(job, {"tag": tag}, queue=QUEUE)
            return time.perf_counter() - began

    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Run its worker."""
        asyncio.run(_work(url, index, options))

    def finish_times(self, job: str) -> str:
        """Select from its table of runs."""
        return f"SELECT extract(epoch FROM completed_at) FROM absurd.r_{QUEUE} WHERE state = 'completed'"

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Spawn through its client."""
        from absurd_sdk import Absurd

        client = Absurd(url, queue_name=QUEUE)
        done = f"SELECT state = 'completed' FROM absurd.t_{QUEUE} WHERE task_id = %(id)s"
        return lambda tag: client.spawn(job, {"tag": tag}, queue=QUEUE)["task_id"], done

    def waiting(self) -> str:
        """Count what sleeps."""
        return f"SELECT count(*) FROM absurd.t_{QUEUE} WHERE state = 'sleeping'"

    def wake(self, url: str, tags: Sequence[str]) -> float:
        """Emit each task's own event."""
        from absurd_sdk import Absurd

        client = Absurd(url, queue_name=QUEUE)
        began = time.perf_counter()
        for tag in tags:
            client.emit_event(f"go:{tag}", {"ok": True})
        return time.perf_counter() - began


async def _work(url: str, index: int, options: Mapping[str, Any]) -> None:
    from absurd_sdk import AsyncAbsurd
    from psycopg_pool import AsyncConnectionPool

    client = AsyncAbsurd(url, queue_name=QUEUE)
    pool = AsyncConnectionPool(url, kwargs={"autocommit": True}, min_size=5, max_size=10, open=False)
    await pool.open()

    async def write_row(tag: str, number: int) -> None:
        async with pool.connection() as connection:
            await connection.execute(INSERT_EFFECT, (tag, number))

    async def write_rows(rows: int, params: Any, context: Any) -> None:
        for number in range(1, rows + 1):
            await context.step(f"row {number}", partial(write_row, params["tag"], number))

    async def wait(params: Any, context: Any) -> Any:
        return await context.await_event(f"go:{params['tag']}")

    client.register_task(name=EMPTY)(partial(write_rows, 0))
    client.register_task(name=ORDER)(partial(write_rows, STEPS))
    client.register_task(name=ONE)(partial(write_rows, 1))
    client.register_task(name=WAIT)(wait)
    await client.start_worker(worker_id=f"worker-{index}", **options)


PEER = AbsurdPeer()
