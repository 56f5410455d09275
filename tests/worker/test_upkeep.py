"""What a worker does for all: sweeps, each with an interval of its own, and taking over from the dead."""

import threading

from pgworkflows.execution.engine import Engine, known_definitions
from pgworkflows.store import workers
from pgworkflows.telemetry import points
from pgworkflows.worker.takeover import Takeover
from pgworkflows.worker.upkeep import Sweep, Upkeep


def test_each_sweep_is_due_by_its_own_interval():
    swept, wake = [], threading.Event()
    often = Sweep("often", 0.0, lambda: swept.append("often") or True)
    seldom = Sweep("seldom", 1000.0, lambda: swept.append("seldom"))
    upkeep = Upkeep(wake, (often, seldom))
    told = []
    with points.swept.subscribed(lambda sweep, **_: told.append(sweep)):
        upkeep.sweep()
        upkeep.sweep()
    assert swept == told == ["often", "often"]
    assert wake.is_set()


def test_nobody_is_woken_where_nothing_was_due_or_found():
    wake = threading.Event()
    Upkeep(wake).sweep()
    Upkeep(wake, (Sweep("in vain", 0.0, lambda: 0),)).sweep()
    assert not wake.is_set()


def test_takeover_is_told(transactional_db):
    gone = workers.register("gone", queues=[], definitions=[], direct=False, lease=30)
    told, wake = [], threading.Event()
    with points.taken_over.subscribed(lambda **facts: told.append(facts)):
        Takeover(Engine(worker_id=0, name="heir", known=known_definitions()), wake).take_over_predecessors(["gone", "unknown"])
    assert told == [{"worker": "heir", "gone": gone, "workflows": []}]
    assert wake.is_set()
