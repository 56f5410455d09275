"""Programs whose steps do what no step should, beside honest ones, under a supervisor with two processes."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field

from ..misdeeds import MISDEEDS
from ..model import expect
from ..plan import Start
from ..postgres import DATABASE
from ..processes import WorkerProcess, children, until
from ..programs import WEIGHTS
from ..proof import Run
from .supervisor import stop

FAULT = "steps that misbehave"
SETTINGS = {"PROOFS_SETTINGS": json.dumps({"LEASE": 1.2, "HEARTBEAT": 0.3})}
#: How long anybody may wait for somebody else's fault, in seconds; a small run on a busy machine says little about it.
LONGEST_WAIT, LONGEST_WAIT_QUICK = 2.0, 6.0
#: No more than so many are under way, so that nobody waits for the queue.
UNDER_WAY = 20
#: So many turns of so many honest programs each: what a busy machine does to waits, it does to both.
TURNS, TURNS_QUICK, CALM = 5, 1, 40
COSTLY = [how for how, misdeed in MISDEEDS.items() if misdeed.costs_process]
EVERY = 0.1
#: In seconds, from the start of a probe to its end, by the database's clock.
WAITED = """
SELECT extract(epoch FROM COALESCE(finished_at, pgworkflows.now()) - created_at)::float
FROM pgworkflows_workflow WHERE id = ANY (%(ids)s::uuid[])
"""
TOLD = "concat_ws(' ', h.at::time(2), h.event, h.note, h.actor) FROM pgworkflows_history h"
BESIDE = f"""
SELECT w.created_at::time(2), round(extract(epoch FROM w.finished_at - w.created_at)::numeric, 2),
  array(SELECT {TOLD} WHERE h.workflow = w.id ORDER BY h.id),
  array(SELECT {TOLD} JOIN pgworkflows_workflow c ON c.id = h.workflow
        WHERE c.kwargs ->> 'program' ~ '"({"|".join(MISDEEDS)})"'
          AND h.at BETWEEN w.created_at - interval '1 second' AND w.finished_at ORDER BY h.id)
FROM pgworkflows_workflow w
WHERE w.name = 'proofs.probe' AND w.finished_at - w.created_at > %(limit)s * interval '1 second' ORDER BY w.created_at
"""
# A process that tries suspects would be a third one. What has cost one before has got another in its place.
BOTH_AT_WORK = f"""
SELECT count(*) = 2 AND max(started_at) BETWEEN %(since)s::timestamptz AND pgworkflows.now() - interval '1 second'
  AND NOT EXISTS (
    SELECT FROM pgworkflows_workflow
    WHERE finished_at IS NULL AND jsonb_path_exists(kwargs, '$.** ? (@.how like_regex "^({"|".join(COSTLY)})$")'))
FROM pgworkflows_worker WHERE stopped_at IS NULL AND beat_at > pgworkflows.now() - interval '1 second'
"""


def prove(run: Run) -> None:
    """Measure what probes wait beside honest programs and beside hostile ones, by turns; count what came of all of them."""
    turns = TURNS_QUICK if run.quick else TURNS
    honest = run.plan(workflows=CALM * turns)
    starts = one_of_each(len(honest)) + run.plan(first=len(honest) + len(MISDEEDS), weights={**WEIGHTS, "misdeed": 20})
    usual, waits = Probes(), Probes()
    with run.server() as server, run.fleet(server.url(DATABASE), SETTINGS) as workers:
        supervisor = workers.supervise(2)
        run.driver.start(honest[:1])
        run.drain(until=1)
        until(lambda: both_at_work(supervisor), 60, "both processes are at work")
        for turn in range(turns):
            start_gradually(run, honest[max(1, turn * CALM) : (turn + 1) * CALM], usual, supervisor)
            start_gradually(run, starts[turn::turns], waits, supervisor)
        compare(run, usual, waits)
        stop(run, supervisor)
        run.injected("probes", len(usual.ids) + len(waits.ids))
        for how in (how for start in starts for end in expect(start) for how in end.misdeeds):
            run.injected(how)
        run.count(honest + starts)
    run.outcome.measured["workers replaced"] = str(workers.log().count("its replacement takes over"))


def compare(run: Run, usual: Probes, waits: Probes) -> None:
    """Note whether anybody waited longer beside hostile programs than beside honest ones."""
    longest = usual.longest()
    late = waits.longer_than(longest + limit(run))
    run.outcome.measured |= {
        "longest wait beside honest programs": f"{longest:.2f} s",
        "beside hostile ones": f"{waits.longest():.2f} s",
    }
    if late:
        run.outcome.details = beside(longest + limit(run))
        run.outcome.problems.append(f"waited_too_long {late}: more than {limit(run):g} s longer than the usual {longest:.2f} s")


def beside(limit: float) -> str:
    """Return what happened to probes that waited longer, and what costs a process was under way then."""
    from pgworkflows.store.connection import query

    return "\n".join(" | ".join(map(str, row)) for row in query(BESIDE, {"limit": limit}))


def limit(run: Run) -> float:
    """Return how much longer than usual a probe may take."""
    return LONGEST_WAIT_QUICK if run.quick else LONGEST_WAIT


def one_of_each(first: int) -> list[Start]:
    """Make a program around each misdeed, so that none is left to chance."""
    write = {"do": "write", "tries": 1, "fails": 0, "gives": 1, "undo": "atomic", "undo_fails": 0}
    return [
        Start(
            number=first + place,
            how="python",
            program=[{**write, "at": "1"}, {"do": "misdeed", "at": "2", "how": how}, {**write, "at": "3"}],
        )
        for place, how in enumerate(MISDEEDS)
    ]


@dataclass(slots=True)
class Probes:
    """Workflows that do nothing, started all the while: what they wait, all others wait."""

    ids: list[uuid.UUID] = field(default_factory=list)
    _next_at: float = field(default_factory=time.monotonic)

    def start_now_and_then(self) -> None:
        """Start one if it is time."""
        from ..driver import persist
        from ..workflows import probe

        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + EVERY
            self.ids.append(persist(probe.start).pk)

    def waits(self) -> list[float]:
        """Return what each waited, in seconds."""
        from pgworkflows.store.connection import query

        return [row[0] for row in query(WAITED, {"ids": self.ids})]

    def longest(self) -> float:
        """Return the longest wait."""
        return max(self.waits(), default=0.0)

    def longer_than(self, seconds: float) -> int:
        """Count the waits that were longer."""
        return sum(wait > seconds for wait in self.waits())


def start_gradually(run: Run, starts: list[Start], probes: Probes, supervisor: WorkerProcess) -> None:
    """Start one after the other, never many at once, and see all of them to their end.

    What costs a process begins only when the one before is over and both processes are at work again: with two, nobody
    waits for one fault, and for two at a time somebody would.
    """
    from pgworkflows.store.connection import database_now

    def meanwhile() -> None:
        probes.start_now_and_then()
        let_go_of_blocked()

    since = "-infinity"
    light = [start for start in starts if not costs_process(start)]
    heavy = [start for start in starts if costs_process(start)]
    while light or heavy:
        room = UNDER_WAY - run.driver.unfinished()
        if room > 0:
            run.driver.start(light[:room])
            del light[:room]
        if heavy and both_at_work(supervisor, since):
            since = database_now().isoformat()
            run.driver.start([heavy.pop()])
        run.driver.answer()
        meanwhile()
        time.sleep(0.02)
    run.drain(meanwhile, pause=0.02)


def costs_process(start: Start) -> bool:
    """Whether a step of this program ends its worker process."""
    return any(MISDEEDS[how].costs_process for end in expect(start) for how in end.misdeeds)


def both_at_work(supervisor: WorkerProcess, since: str = "-infinity") -> bool:
    """Whether no such program is under way, and two processes are all there are, with signs of life, one newer than that."""
    from pgworkflows.store.connection import query

    return len(children(supervisor.pid)) == 2 and bool(query(BOTH_AT_WORK, {"since": since})[0][0])


def let_go_of_blocked() -> None:
    """Cancel, as a person would who has looked, what is not tried any more."""
    from pgworkflows.models import Workflow

    for row in Workflow.objects.filter(status="BLOCKED", error__type="builtins:RuntimeError"):
        row.cancel("as planned", compensate=False, by="ann")
