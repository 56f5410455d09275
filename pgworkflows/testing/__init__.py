"""Running workflows inside a test: the worker's own claim, replay and flush, on the test's connection.

`run_workflows()` runs everything that can run now; `ask()` does that for `workflow.ask()`, and `fire_schedules()` starts what the
clock says. `move_clock()` moves Postgres and Python together. `crash_at()` ends a run at a named point as if the process had
died there, `crash_everywhere()` at every point in turn. In pytest use the fixture `pgworkflows`; in Django's TestCase add
`WorkflowTestMixin`.
"""

from ..store.schedules.firing import fire_due as fire_schedules
from .asking import ask
from .clock import move_clock, restore_clock
from .crashes import CRASH_POINTS, SimulatedCrash, crash_at
from .everywhere import CrashReport, EffectsDiffer, crash_everywhere
from .mixin import WorkflowTestMixin
from .runner import RunSummary, run_workflows

__all__ = [
    "CRASH_POINTS",
    "CrashReport",
    "EffectsDiffer",
    "RunSummary",
    "SimulatedCrash",
    "WorkflowTestMixin",
    "ask",
    "crash_at",
    "crash_everywhere",
    "fire_schedules",
    "move_clock",
    "restore_clock",
    "run_workflows",
]
