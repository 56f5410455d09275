"""Sweeps, each with an interval of its own."""

import threading

from pgworkflows.worker.upkeep import Sweep, Upkeep


def test_each_sweep_is_due_by_its_own_interval():
    swept, wake = [], threading.Event()
    often = Sweep("often", 0.0, lambda: swept.append("often"))
    seldom = Sweep("seldom", 1000.0, lambda: swept.append("seldom"))
    upkeep = Upkeep(wake, (often, seldom))
    upkeep.sweep()
    upkeep.sweep()
    assert swept == ["often", "often"]
    assert wake.is_set()


def test_nobody_is_woken_where_nothing_was_due():
    wake = threading.Event()
    Upkeep(wake).sweep()
    assert not wake.is_set()
