"""PgQueuer: batches of 100 where there is a backlog, of one where latency counts; an order is a chain of five jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from benchmarks.peers.peer import CHUNK, EMPTY, ONE, ORDER, STEPS, Peer, Setup

BATCHED = "PgQueuer, batches of 100"
CHAINED = "PgQueuer, chained jobs"
T = TypeVar("T")
INSERT = "INSERT INTO effect (tag, step, payload) VALUES ($1, $2, 'xxxxxxxxxxxxxxxxxxxx')"


class PgQueuerPeer(Peer):
    """A job queue: no workflow, at least once."""

    name = "pgqueuer"
    setups = (
        Setup(workload="W1", subject=BATCHED, job=EMPTY, rate=16_000, options={"batch_size": 100}),
        Setup(workload="W2", subject=CHAINED, job=ORDER, rate=330, parts=STEPS, options={"batch_size": 100}),
        Setup(workload="W3", subject="PgQueuer", job=ONE, rate=1, options={"batch_size": 1}),
    )

    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Install its tables."""
        _with_queries(url, lambda queries: queries.install())

    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Enqueue one by one, or as lists."""

        async def enqueue(queries: Any) -> float:
            began = time.perf_counter()
            if bulk:
                for first in range(0, len(tags), CHUNK):
                    part = [_payload(tag, 1) for tag in tags[first : first + CHUNK]]
                    await queries.enqueue([job] * len(part), part, [0] * len(part))
            else:
                for tag in tags:
                    await queries.enqueue(job, _payload(tag, 1))
            return time.perf_counter() - began

        return _with_queries(url, enqueue)

    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Run its queue manager on uvloop, as its own program does."""
        import uvloop

        uvloop.run(_work(url, options))

    def finish_times(self, job: str) -> str:
        """Select from its log."""
        return "SELECT extract(epoch FROM created) FROM pgqueuer_log WHERE status = 'successful'"

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Enqueue on a loop and a connection of its own."""
        import asyncpg
        from pgqueuer.db import AsyncpgDriver
        from pgqueuer.queries import Queries

        loop = asyncio.new_event_loop()
        queries = Queries(AsyncpgDriver(loop.run_until_complete(asyncpg.connect(url))))
        done = "SELECT true FROM pgqueuer_log WHERE job_id = %(id)s AND status = 'successful'"
        return lambda tag: loop.run_until_complete(queries.enqueue(job, _payload(tag, 1)))[0], done


def _payload(tag: str, number: int) -> bytes:
    return f"{tag}:{number}".encode()


def _with_queries(url: str, use: Callable[[Any], Awaitable[T]]) -> T:
    import asyncpg
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    async def connected() -> T:
        connection = await asyncpg.connect(url)
        try:
            return await use(Queries(AsyncpgDriver(connection)))
        finally:
            await connection.close()

    return asyncio.run(connected())


async def _work(url: str, options: Mapping[str, Any]) -> None:
    import asyncpg
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgPoolDriver

    business = await asyncpg.create_pool(url, min_size=4, max_size=10)
    queuer = PgQueuer(AsyncpgPoolDriver(await asyncpg.create_pool(url, min_size=3, max_size=6)))

    @queuer.entrypoint(EMPTY)
    async def empty(job: Any) -> None:
        return None

    @queuer.entrypoint(ORDER)
    async def order(job: Any) -> None:
        tag, number = job.payload.decode().split(":")
        await business.execute(INSERT, tag, int(number))
        if int(number) < STEPS:
            await queuer.qm.queries.enqueue(ORDER, _payload(tag, int(number) + 1))

    @queuer.entrypoint(ONE)
    async def one(job: Any) -> None:
        await business.execute(INSERT, job.payload.decode().split(":")[0], 1)

    # Folding its log into statistics would take away the finish times, and costs.
    await queuer.qm.run(dequeue_timeout=timedelta(seconds=30), log_aggregation_interval=timedelta(0), **options)


PEER = PgQueuerPeer()
