"""Deadlocks and serialization failures, made on purpose."""

from __future__ import annotations

from ..postgres import DATABASE, ask
from ..proof import Run

FAULT = "deadlocks and serialization failures on purpose"
#: A sequence is not rolled back, so that it counts what was.
CONTEND = """
CREATE SEQUENCE proofs_contended;
CREATE FUNCTION proofs_contend() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.2 THEN
    PERFORM nextval('proofs_contended');
    RAISE EXCEPTION 'could not serialize, on purpose' USING ERRCODE = 'serialization_failure';
  END IF;
END
$$;
"""
FAILURES = "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM proofs_contended"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
#: The server looks for deadlocks before a worker yields, which it otherwise does first.
OPTIONS = {"deadlock_timeout": "3ms"}


def prove(run: Run) -> None:
    """Let three workers lock a few hot rows in all orders, slowly."""
    starts = run.plan(weights={"transfer": 60, "write": 15, "call": 5, "if": 5, "try": 5, "state": 5})
    with run.server(OPTIONS) as server:
        ask(server.url(DATABASE), CONTEND)
        with run.fleet(server.url(DATABASE), {"PROOFS_CONTENTION": "0.005"}) as workers:
            workers.keep(3)
            run.driver.start(starts)
            run.drain()
            run.injected("serialization failures", ask(server.url(DATABASE), FAILURES)[0][0])
            run.injected("deadlocks", ask(server.url(DATABASE), DEADLOCKS)[0][0])
            run.count(starts, loses_calls=False)
    run.require("serialization failures", 5)
    run.require("deadlocks", 1)
