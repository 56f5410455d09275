"""Procrastinate: asynchronous jobs, ten at once; an order is a chain of five jobs, each enqueuing the next."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.peers.peer import CHUNK, EMPTY, INSERT_EFFECT, ONE, ORDER, STEPS, Peer, Setup

BUSY = {"concurrency": 10}


class ProcrastinatePeer(Peer):
    """A job queue: no workflow, at least once."""

    name = "procrastinate"
    setups = (
        Setup(workload="W1", subject="Procrastinate", job=EMPTY, rate=600, options=BUSY),
        Setup(workload="W2", subject="Procrastinate, chained jobs", job=ORDER, rate=90, parts=STEPS, options=BUSY),
        Setup(workload="W3", subject="Procrastinate", job=ONE, rate=1, options=BUSY),
    )

    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Apply its schema."""
        with contextlib.closing(_client(url)) as client:
            client.schema_manager.apply_schema()

    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Defer one by one, or with its batch verb."""
        with contextlib.closing(_client(url)) as client:
            deferrer = client.configure_task(job)
            began = time.perf_counter()
            if bulk:
                for first in range(0, len(tags), CHUNK):
                    deferrer.batch_defer(*[{"tag": tag} for tag in tags[first : first + CHUNK]])
            else:
                for tag in tags:
                    deferrer.defer(tag=tag)
            return time.perf_counter() - began

    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Run its worker."""
        asyncio.run(_work(url, index, options))

    def finish_times(self, job: str) -> str:
        """Select from its table of events."""
        return "SELECT extract(epoch FROM at) FROM procrastinate_events WHERE type = 'succeeded'"

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Defer through its synchronous client."""
        deferrer = _client(url).configure_task(job)
        done = "SELECT status = 'succeeded' FROM procrastinate_jobs WHERE id = %(id)s"
        return lambda tag: deferrer.defer(tag=tag), done


def _client(url: str) -> Any:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    app.open()
    return app


async def _work(url: str, index: int, options: Mapping[str, Any]) -> None:
    import procrastinate
    from psycopg_pool import AsyncConnectionPool

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=12))
    pool = AsyncConnectionPool(url, kwargs={"autocommit": True}, min_size=4, max_size=10, open=False)
    await pool.open()

    async def write_row(tag: str, number: int) -> None:
        async with pool.connection() as connection:
            await connection.execute(INSERT_EFFECT, (tag, number))

    @app.task(name=EMPTY)
    async def empty(tag: str) -> None:
        return None

    @app.task(name=ORDER)
    async def order(tag: str, number: int = 1) -> None:
        await write_row(tag, number)
        if number < STEPS:
            await order.defer_async(tag=tag, number=number + 1)

    @app.task(name=ONE)
    async def one(tag: str) -> None:
        await write_row(tag, 1)

    async with app.open_async():
        await app.run_worker_async(name=f"worker-{index}", **options)


PEER = ProcrastinatePeer()
