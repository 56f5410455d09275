"""The primary is lost for good, and its synchronous standby takes its place."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo_shop.postgres import EmbeddedPostgres

from ..machinery import command
from ..postgres import DATABASE, OPTIONS, ask, running, use
from ..processes import ProofError, until
from ..proof import Run

FAULT = "primary killed for good, synchronous standby promoted"
SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


def prove(run: Run) -> None:
    """Kill the primary in mid-run; workers find the new one by a connection string with both hosts."""
    starts = run.plan()
    with run.server({"synchronous_standby_names": "standby"}) as primary, running(copied(run, primary)) as standby:
        until(lambda: ask(primary.superuser_url(), SYNCHRONOUS)[0][0], 20, "the standby is synchronous")
        both = either(primary, standby)
        use(both)
        with run.fleet(both) as workers:
            workers.keep(2)
            run.driver.start(starts)
            run.drain(lambda: workers.keep(2), until=len(starts) // 3)
            run.outcome.measured["recovery after a failover"] = f"{fail_over(run, primary, standby):.2f} s"
            run.drain(lambda: workers.keep(2))
            run.count(starts)
    run.require("failovers", 1)


def copied(run: Run, primary: EmbeddedPostgres) -> EmbeddedPostgres:
    """Copy the primary with all that a standby needs to follow it."""
    place = run.servers.folder / "standby"
    account = primary._cluster.account
    place.mkdir(mode=0o700)
    account.own(place)
    parts = urlsplit(primary.superuser_url())
    conninfo = f"host={parts.hostname} port={parts.port} user={parts.username} password={parts.password} application_name=standby"
    made = account.run([primary.binary("pg_basebackup"), "-D", place, "-R", "-X", "stream", "-c", "fast", "-d", conninfo])
    if made.returncode:
        raise ProofError(f"pg_basebackup failed: {made.stdout}")
    (place / "embedded.port").unlink(missing_ok=True)
    return EmbeddedPostgres(place, options=OPTIONS)


def either(primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> str:
    """Return a connection string that leads to whichever of the two takes writes."""
    parts = urlsplit(primary.url())
    return (
        f"host={parts.hostname},{parts.hostname} port={primary.port},{standby.port} user={parts.username} "
        f"password={parts.password} dbname={DATABASE} target_session_attrs=read-write connect_timeout=2"
    )


def fail_over(run: Run, primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> float:
    """Kill every process of the primary, promote; return how long until a worker commits on the new one."""
    began = time.monotonic()
    kill_server(primary.data_dir)
    command_as(standby, "pg_ctl", "promote", "-D", standby.data_dir, "-w")
    run.wait_for_workers(standby.url(DATABASE))
    run.injected("failovers")
    return time.monotonic() - began


def kill_server(data_dir: Path) -> None:
    """Kill a server and all its sessions at one blow; its folder is never used again."""
    postmaster = int((data_dir / "postmaster.pid").read_text().split()[0])
    sessions = [int(pid) for pid in command("ps", "-o", "pid=", "--ppid", str(postmaster), check=False).split()]
    for pid in [postmaster, *sessions]:
        os.kill(pid, signal.SIGKILL)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)


def command_as(server: EmbeddedPostgres, program: str, *words: Any) -> None:
    """Run one of PostgreSQL's programs as the server's account."""
    done = server._cluster.account.run([server.binary(program), *words])
    if done.returncode:
        raise ProofError(f"{program} failed: {done.stdout}")
