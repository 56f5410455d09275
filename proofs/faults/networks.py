"""Worker machines in networks of their own, one of which is cut off."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from ..machinery import Machine, machines, on_port
from ..postgres import DATABASE, use
from ..processes import WorkerProcess
from ..proof import Run

FAULT = "machines in network namespaces, one cut off"
LEASE = 2.0
SETTINGS = {"PROOFS_SETTINGS": json.dumps({"LEASE": LEASE}), "PROOFS_CALL_SECONDS": "0.8"}
DECLARED = "SELECT count(*) FROM pgworkflows_worker WHERE name = %(name)s AND stopped_at IS NOT NULL"


def prove(run: Run) -> None:
    """Pull the cable of one of three machines for longer than its lease, and put it back."""
    often, chance = 2 if run.quick else 8, random.Random(f"{run.seed}/networks")
    starts = run.plan()
    with machines(3) as made, run.server({"listen_addresses": "*"}) as server:
        let_in(server, made)
        with run.fleet(server.url(DATABASE), SETTINGS) as workers:

            def start(machine: Machine) -> WorkerProcess:
                url = on_port(server.url(DATABASE), server.port, machine.here)
                return workers.execute(environment={"PROOFS_DATABASE_URL": url}, prefix=machine.prefix, batch_size=8)

            at_work = {machine.name: start(machine) for machine in made}

            def replace() -> None:
                for machine in made:
                    if not at_work[machine.name].alive():
                        run.injected("workers replaced")
                        at_work[machine.name] = start(machine)

            run.driver.start(starts)
            for turn in range(often):
                run.drain(replace, until=(turn + 1) * len(starts) // (often + 2))
                machine = chance.choice(made)
                cut_off(run, machine, at_work[machine.name])
            run.drain(replace)
            run.count(starts)
    run.require("machines cut off", often)


def let_in(server: Any, made: list[Machine]) -> None:
    """Let the server accept what comes from the machines."""
    rules = Path(server.data_dir) / "pg_hba.conf"
    lines = [f"host all all {machine.here.rpartition('.')[0]}.0/24 scram-sha-256\n" for machine in made]
    rules.write_text(rules.read_text() + "".join(lines))
    server.restart()
    use(server.url(DATABASE))


def cut_off(run: Run, machine: Machine, worker: WorkerProcess) -> None:
    """Pull the cable until the others have declared the machine's worker dead."""
    from pgworkflows.store.connection import query

    machine.plug("down")
    began = time.monotonic()
    try:
        while not query(DECLARED, {"name": worker.name})[0][0]:
            run.driver.answer()
            if time.monotonic() - began > LEASE + 3:
                run.outcome.problems.append("not_declared_dead 1: the worker of a machine that was cut off")
                break
            time.sleep(0.05)
        time.sleep(0.2)  # others are in the middle of what it had, when it comes back
    finally:
        machine.plug("up")
    run.injected("machines cut off")
