"""Oban for Python: asynchronous jobs, fifty at once where there is a backlog; an order is a chain of five jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import psycopg

from benchmarks.peers.peer import CHUNK, EMPTY, INSERT_EFFECT, ONE, ORDER, STEPS, Peer, Setup

SUBJECT = "Oban"
CHAINED = "Oban, chained jobs"
QUEUE = "bench"
BUSY = {"limit": 50}
T = TypeVar("T")


class ObanPeer(Peer):
    """A job queue: no workflow, at least once."""

    name = "oban"
    setups = (
        Setup(workload="W1", subject=SUBJECT, job=EMPTY, rate=600, options=BUSY),
        Setup(workload="W2", subject=CHAINED, job=ORDER, rate=80, parts=STEPS, options=BUSY),
        Setup(workload="W3", subject=SUBJECT, job=ONE, rate=1, options={"limit": 10}),
    )

    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Install its schema."""
        from oban.schema import install_sql

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(install_sql())

    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Enqueue one by one, or with its verb for many."""

        async def enqueue(client: Any) -> float:
            kind = _workers(None)[job]
            began = time.perf_counter()
            for first in range(0, len(tags), CHUNK if bulk else 1):
                jobs = [kind.new({"tag": tag}) for tag in tags[first : first + (CHUNK if bulk else 1)]]
                await (client.enqueue_many(jobs) if bulk else client.enqueue(jobs[0]))
            return time.perf_counter() - began

        return asyncio.run(_with_client(url, enqueue))

    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Run a server of it, as its own program does."""
        asyncio.run(_work(url, index, options))

    def finish_times(self, job: str) -> str:
        """Select from its table of jobs, whose times are UTC without saying so."""
        return "SELECT extract(epoch FROM completed_at) FROM oban_jobs WHERE state = 'completed'"

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Enqueue on a loop and a client of its own."""
        loop = asyncio.new_event_loop()
        client = loop.run_until_complete(_client(url))
        kind = _workers(None)[job]
        done = "SELECT state = 'completed' FROM oban_jobs WHERE id = %(id)s"
        return lambda tag: loop.run_until_complete(client.enqueue(kind.new({"tag": tag}))).id, done


async def _client(url: str, **options: Any) -> Any:
    from oban import Oban

    return await Oban(pool=await Oban.create_pool(url, min_size=2, max_size=12), **options).start()


async def _with_client(url: str, act: Callable[[Any], Awaitable[T]]) -> T:
    client = await _client(url)
    try:
        return await act(client)
    finally:
        await client.stop()


def _workers(pool: Any) -> dict[str, Any]:
    """Declare the jobs under their names."""
    from oban import worker

    async def write_row(tag: str, number: int) -> None:
        async with pool.connection() as connection:
            await connection.execute(INSERT_EFFECT, (tag, number))

    @worker(queue=QUEUE)
    class Empty:
        async def process(self, job: Any) -> None:
            return None

    @worker(queue=QUEUE)
    class Order:
        async def process(self, job: Any) -> None:
            tag, number = job.args["tag"], job.args.get("number", 1)
            await write_row(tag, number)
            if number < STEPS:
                await Order.enqueue({"tag": tag, "number": number + 1})  # type: ignore[attr-defined] # made by the decorator

    @worker(queue=QUEUE)
    class One:
        async def process(self, job: Any) -> None:
            await write_row(job.args["tag"], 1)

    return {EMPTY: Empty, ORDER: Order, ONE: One}


async def _work(url: str, index: int, options: Mapping[str, Any]) -> None:
    from psycopg_pool import AsyncConnectionPool

    pool = AsyncConnectionPool(url, kwargs={"autocommit": True}, min_size=4, max_size=10, open=False)
    await pool.open()
    _workers(pool)
    await _client(url, queues={QUEUE: dict(options)}, node=f"worker-{index}")
    await asyncio.Event().wait()


PEER = ObanPeer()
