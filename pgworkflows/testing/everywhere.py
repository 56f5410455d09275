"""Running one workflow again and again, each time with a crash at another point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db import transaction

from ..conf import conf
from ..definitions.workflow import WorkflowFunction
from ..models import Workflow
from .clock import clock_put_back
from .crashes import CRASH_POINTS, SimulatedCrash, trap_at
from .runner import run_workflows
from .snapshots import Snapshot, differences, noise, take

Act = Callable[[Workflow], Any]


class EffectsDiffer(AssertionError):  # noqa: N818 - what happened
    """At least one crash made a difference; `differences` says which, a line each."""

    def __init__(self, found: list[str]) -> None:
        self.differences = found
        super().__init__("\n".join(["Effects differ from those of the undisturbed run:", *found]))


@dataclass(slots=True)
class CrashReport:
    """How many times it crashed at each point, and what was not compared since two undisturbed runs differ in it."""

    crashes: Counter[str] = field(default_factory=Counter)
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How the workflow is run from its start to its end."""

    workflow: WorkflowFunction[..., Any]
    kwargs: dict[str, Any]
    before: Callable[[], Any]
    then: Sequence[Act]
    effects: Callable[[], Any]

    def play(self) -> Snapshot:
        """Run it, and take back what it did to the database."""
        alias = conf().DATABASE
        with clock_put_back(), transaction.atomic(using=alias):
            self.before()
            run = self.workflow.start(**self.kwargs)
            _run_to_rest()
            for act in self.then:
                run.refresh_from_db()
                act(run)
                _run_to_rest()
            run.refresh_from_db()
            seen = take(run, self.effects())
            transaction.set_rollback(True, using=alias)
        return seen


def _run_to_rest() -> None:
    """Run until all that is left waits; after a crash do what the next worker would do."""
    try:
        run_workflows()
    except SimulatedCrash:
        run_workflows()


def _nothing() -> None:
    return None


def crash_everywhere(
    workflow: WorkflowFunction[..., Any],
    kwargs: dict[str, Any] | None = None,
    *,
    before: Callable[[], Any] = _nothing,
    then: Sequence[Act] = (),
    effects: Callable[[], Any] = _nothing,
) -> CrashReport:
    """Run a workflow once for every point at which it could crash; raise EffectsDiffer where a crash makes a difference.

    Each run begins with the database as it is now, and is taken back. `before` prepares it and puts stand-ins for the
    outside in order. `then` are functions of the workflow, called one after the other when nothing can run any more:
    they send events, decide, move the clock. Compared are how it ends, the rows of all tables but ours, and what
    `effects` returns of the outside. What differs between two undisturbed runs, such as keys and times, is left out.
    """
    scenario = Scenario(workflow=workflow, kwargs=kwargs or {}, before=before, then=then, effects=effects)
    calm, again = scenario.play(), scenario.play()
    _require_comparable(calm, again)
    ignored = noise(calm, again)
    report, found = CrashReport(ignored=ignored), list[str]()
    for point in CRASH_POINTS:
        for occurrence in count(1):
            seen = _crash(scenario, point, occurrence)
            if seen is None:
                break
            report.crashes[point] += 1
            found += [f"- crash at {point}, occurrence {occurrence}: {told}" for told in _told(calm, seen, ignored)]
    if found:
        raise EffectsDiffer(found)
    return report


def _crash(scenario: Scenario, point: str, occurrence: int) -> Snapshot | Exception | None:
    """Return what is there after a crash and what follows it; None if the run never comes so far."""
    with ExitStack() as stack:
        trap = stack.enter_context(trap_at(point, occurrence))
        try:
            seen: Snapshot | Exception = scenario.play()
        except Exception as error:  # of the user's own functions too: the crash led them astray
            seen = error
        return seen if trap.sprung else None


def _told(calm: Snapshot, seen: Snapshot | Exception, ignored: frozenset[str]) -> Iterator[str]:
    if isinstance(seen, Exception):
        yield f"raised {type(seen).__name__}: {seen}"
    else:
        yield from differences(calm, seen, ignored)


def _require_comparable(calm: Snapshot, again: Snapshot) -> None:
    """Raise ValueError where two undisturbed runs leave nothing to compare a crashed one with."""
    if not calm.finished:
        raise ValueError(
            f"crash_everywhere({calm.name}): the undisturbed run does not end: it is {calm.status}, waiting for "
            f"{calm.waits_for or 'a worker'}. Pass in `then` what it waits for."
        )
    if calm.effects != again.effects:
        raise ValueError(
            f"crash_everywhere({calm.name}): effects() returned {calm.effects!r} and then {again.effects!r} in two undisturbed "
            "runs. Put the stand-ins back in `before`, and return what is the same each time."
        )
