"""DBOS Transact: exactly-once steps through its SQLAlchemy datasource, and its plain steps.

Its queue polls; the interval and the number of workflows at once are raised from its defaults where that helps it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.peers.peer import CHUNK, EMPTY, ONE, ORDER, STEPS, WAIT, Peer, Setup

SUBJECT = "DBOS"
EXACTLY_ONCE = "DBOS, exactly-once steps"
QUEUE = "bench"
PLAIN_ORDER = "plain_order"
TOPIC = "go"
BUSY = {"at_once": 500, "poll": 0.1, "threads": 8}
INSERT = "INSERT INTO effect (tag, step, payload) VALUES (:tag, :step, 'xxxxxxxxxxxxxxxxxxxx')"


class DBOSPeer(Peer):
    """Its tables are in the schema `dbos` of the same database."""

    name = "dbos"
    setups = (
        Setup(workload="W1", subject=SUBJECT, job=EMPTY, rate=1_800, options=BUSY),
        Setup(workload="W2", subject=EXACTLY_ONCE, job=ORDER, rate=50, options=BUSY),
        Setup(workload="W2", subject="DBOS, plain steps", job=PLAIN_ORDER, rate=70, options=BUSY),
        Setup(workload="W3", subject=SUBJECT, job=ONE, rate=1, once=True, longest_pause=1.1, options={"at_once": 100}),
        Setup(workload="W3", subject="DBOS, polling every 20 ms", job=ONE, rate=1, options={"at_once": 100, "poll": 0.02}),
        Setup(workload="W4", subject=SUBJECT, job=WAIT, rate=100, options={"at_once": None, "threads": 32}),
    )

    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Let it migrate, and register the queue."""
        from dbos import DBOS

        _declare(url, "driver", options)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=options["at_once"], polling_interval_sec=options.get("poll", 1.0))
        DBOS.destroy()

    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Enqueue through its client, in bulk many to a transaction."""
        import sqlalchemy

        client, wanted = _client(url), _wanted(job)
        if not bulk:
            began = time.perf_counter()
            for tag in tags:
                client.enqueue(wanted, tag)
            return time.perf_counter() - began
        engine = sqlalchemy.create_engine(_sqlalchemy_url(url))
        began = time.perf_counter()
        for first in range(0, len(tags), CHUNK):
            with engine.begin() as connection:
                for tag in tags[first : first + CHUNK]:
                    client.enqueue_in_transaction(connection, {**wanted, "workflow_id": tag}, tag)
        return time.perf_counter() - began

    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Launch it and stay."""
        from dbos import DBOS

        _declare(url, f"worker-{index}", options)
        DBOS.launch()
        while True:
            time.sleep(1)

    def finish_times(self, job: str) -> str:
        """Select from its own status table."""
        return f"SELECT completed_at / 1000.0 FROM dbos.workflow_status WHERE name = '{job}' AND status = 'SUCCESS'"

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Enqueue through its client."""
        client, wanted = _client(url), _wanted(job)
        done = "SELECT status = 'SUCCESS' FROM dbos.workflow_status WHERE workflow_uuid = %(id)s"
        return lambda tag: client.enqueue(wanted, tag).get_workflow_id(), done

    def waiting(self) -> str:
        """Count those whose receive has recorded its time-out, which it does when it begins to wait."""
        return "SELECT count(DISTINCT workflow_uuid) FROM dbos.operation_outputs WHERE function_name = 'DBOS.sleep'"

    def wake(self, url: str, tags: Sequence[str]) -> float:
        """Send in bulk."""
        from dbos import SendMessage

        client = _client(url)
        began = time.perf_counter()
        for first in range(0, len(tags), CHUNK):
            client.send_bulk([SendMessage(tag, {"ok": True}, TOPIC) for tag in tags[first : first + CHUNK]])
        return time.perf_counter() - began


def _client(url: str) -> Any:
    from dbos import DBOSClient

    return DBOSClient(system_database_url=url, application_name="bench")


def _wanted(job: str) -> dict[str, Any]:
    return {"queue_name": QUEUE, "workflow_name": job}


def _sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _declare(url: str, executor: str, options: Mapping[str, Any]) -> None:
    """Configure it, and declare the workflows under the names of the jobs."""
    from dbos import DBOS, DBOSConfig

    config: DBOSConfig = {
        "name": "bench", "system_database_url": url, "log_level": "ERROR", "application_version": "1", "executor_id": executor,
    }  # fmt: skip
    if "threads" in options:
        config["max_executor_threads"] = options["threads"]
    DBOS(config=config)
    _declare_waiting()
    _declare_exactly_once(url)
    _declare_plain(url)


def _declare_waiting() -> None:
    from dbos import DBOS

    @DBOS.workflow(name=EMPTY)
    def empty(tag: str) -> None:
        return None

    @DBOS.workflow(name=WAIT)
    async def wait(tag: str) -> Any:
        return await DBOS.recv_async(TOPIC, timeout_seconds=36_000)


def _declare_exactly_once(url: str) -> None:
    import sqlalchemy
    from dbos import DBOS, SQLAlchemyDatasource

    source = SQLAlchemyDatasource.create(url, engine_kwargs={"pool_size": 20, "max_overflow": 0}, run_migrations=True)

    @source.transaction(isolation_level="READ COMMITTED")
    def write_row(tag: str, number: int) -> None:
        source.sql_session().execute(sqlalchemy.text(INSERT), {"tag": tag, "step": number})

    @DBOS.workflow(name=ORDER)
    def order(tag: str) -> None:
        for number in range(1, STEPS + 1):
            write_row(tag, number)

    @DBOS.workflow(name=ONE)
    def one(tag: str) -> None:
        write_row(tag, 1)


def _declare_plain(url: str) -> None:
    import sqlalchemy
    from dbos import DBOS

    engine = sqlalchemy.create_engine(_sqlalchemy_url(url), pool_size=20)

    @DBOS.step()
    def write_row(tag: str, number: int) -> None:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(INSERT), {"tag": tag, "step": number})

    @DBOS.workflow(name=PLAIN_ORDER)
    def plain_order(tag: str) -> None:
        for number in range(1, STEPS + 1):
            write_row(tag, number)


PEER = DBOSPeer()
