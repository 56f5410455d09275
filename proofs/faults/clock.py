"""Worker machines whose clock is wrong by hours."""

from __future__ import annotations

import time
from pathlib import Path

from .. import ledger
from ..postgres import DATABASE
from ..processes import ProofError
from ..programs import WEIGHTS
from ..proof import Run

FAULT = "clock of a worker machine wrong by hours"
SHIFTS = ("-7h", "+5h")
HOUR = 3600.0


def prove(run: Run) -> None:
    """Run one worker seven hours behind, one five hours ahead, and one that is right."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        raise ProofError("There is no libfaketime here. Install Debian's package libfaketime.")
    starts = run.plan(weights={**WEIGHTS, "sleep": 40, "call": 40})  # so that each worker sets some timers, and calls
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        for shift in SHIFTS:
            environment = {"LD_PRELOAD": str(libraries[0]), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            workers.execute(environment=environment, batch_size=4)
        workers.execute(batch_size=4)
        time.sleep(1.5)  # all three have begun before there is anything to do
        run.driver.start(starts)
        run.drain()
        if len(workers.alive()) < len(SHIFTS) + 1:
            run.outcome.problems.append("a worker has ended")
        for entry in ledger.read(run.folder / "ledger"):
            off = entry.clock - time.time()
            run.injected("calls by a clock 7 h behind", off < -HOUR)
            run.injected("calls by a clock 5 h ahead", off > HOUR)
        run.count(starts, loses_calls=False)
    run.require("calls by a clock 7 h behind", 1)
    run.require("calls by a clock 5 h ahead", 1)
