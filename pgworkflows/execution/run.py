"""One workflow inside one batch: what is recorded, what is new, and where it stands at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ..definitions.step import Step
from ..definitions.workflow import WorkflowFunction
from ..models import Task, Workflow
from ..models.waits import Wait, WaitKind, wait_for
from ..models.workflow_row import ClaimedWorkflow
from ..store.records import RecordedTask, WaitingEvent
from ..store.requests import Reply
from ..values.position import Position
from ..values.readable import read_json
from ..values.redaction import Redactor
from .batch_state import Batch
from .control_flow import Suspended
from .errors import describe_end, in_short, is_lock_conflict
from .giving_up import tried_too_often
from .outcome import MOST_CRASHES, Charge, Outcome, Stop
from .outside import OutsideCall, OutsideResult

#: So many calls at most begin in one batch for one workflow.
MOST_CALLS = 1000


@dataclass(slots=True)
class Run:
    """A claimed workflow with its records; `outcome` is set once it has stopped for now."""

    batch: Batch
    row: ClaimedWorkflow
    definition: WorkflowFunction[..., Any]
    tasks: dict[Position, RecordedTask]
    events: list[WaitingEvent]
    #: What came back from outside for it, by position.
    results: dict[Position, OutsideResult] = field(default_factory=dict)
    #: What is in flight, what has come back, and the calls to begin, each with its task as it was.
    flights: set[Position] = field(default_factory=set)
    landed: set[Position] = field(default_factory=set)
    calls: dict[Position, tuple[OutsideCall, RecordedTask | None]] = field(default_factory=dict)
    #: Where branches stand still, by their path.
    stops: dict[str, Stop] = field(default_factory=dict)
    #: The branches that are not to go on for now, and the first of them for want of budget.
    suspended: set[str] = field(default_factory=set)
    put_off_first: str | None = None
    #: Whether the body runs again from the top: something was decided.
    restarting: bool = False
    #: What was closed of branches that were cancelled.
    cut: list[RecordedTask] = field(default_factory=list)
    #: Gathers whose branches are run once more in another order, to see that they share nothing; tests do.
    checking: set[Position] = field(default_factory=set)
    checked: set[Position] = field(default_factory=set)
    outcome: Outcome | None = None
    state: str = ""
    attributes: str = "{}"
    dirty: dict[Position, RecordedTask] = field(default_factory=dict)
    consumed: list[tuple[int, Position]] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    replies: dict[int, Reply] = field(default_factory=dict)
    overran: set[Position] = field(default_factory=set)
    #: What was read for open waits, by kind.
    read: dict[str, Any] = field(default_factory=dict)
    #: What steps failed with whose calls came back here.
    raised: dict[Position, BaseException] = field(default_factory=dict)
    #: What attempts are charged with.
    charges: dict[Position, Charge] = field(default_factory=dict)
    #: The step whose failure has undone all that ran here: nothing of this run counts.
    undone: Position | None = None
    #: From where on each step has a savepoint of its own.
    own_savepoints_from: Position | None = None
    #: Whether its next try is to be by itself too.
    apart: bool = False
    #: Whether its call was lost: this try was in vain.
    lost: bool = False
    #: Whether its executor could not be used: this try counts for nothing.
    turned_away: bool = False
    #: Whether nothing was done here but to set it aside.
    set_aside: bool = False
    _ended: int | None = None
    _furthest: dict[str, int] | None = None

    def __post_init__(self) -> None:
        self.state, self.attributes = self.row.state, self.row.attributes

    @property
    def stopped(self) -> bool:
        """Whether the body is not to go on."""
        return self.restarting or self.outcome is not None or self.undone is not None

    def before_step(self, step: Step[..., Any], position: Position, lost_call: str = "") -> None:
        """Go on in the next batch if this one has lasted long enough; stop for good what kills its workers."""
        batch = self.batch
        if self.row.crashes > MOST_CRASHES:
            self.give_up(f"Step {step.name}", lost_call)
            raise Suspended
        answered = bool(batch.landed) and (self.row.id, self.row.epoch) in batch.landed
        if (batch.apart or answered) and self.row.crashes > 1 and self.dirty:
            # Commit step by step, so that the one that is tried in vain stands alone and gets the blame, and so that an
            # answer from outside does not go with it.
            self.apart = True
            self.again()
            raise Suspended
        over = batch.over_budget() if step.atomic else batch.stopped or len(self.calls) >= MOST_CALLS
        if over and (batch.report.advanced or self.dirty) and not self.ran_before(position):
            batch.report.overran = True
            self.put_off(position)
        batch.begin(step)

    def put_off(self, position: Position) -> NoReturn:
        """Have the branch go on in the next batch."""
        self.put_off_first = self.put_off_first or position.branch
        self.park(position.branch, self.now(), None)
        raise Suspended

    def give_up(self, what: str, lost_call: str = "") -> None:
        """Stop for good what was tried too often."""
        lost = self.batch.engine.lost.get(self.row.id)
        self.block(tried_too_often(f"{what} of workflow {self.row.name} {self.row.id}", lost, lost_call))

    def continue_alone(self) -> None:
        """Have what is finished committed at once, and go on alone."""
        self.batch.stopped = True
        self.batch.report.alone.append(self.row.id)
        self.again()

    def report_failure(self, task: RecordedTask, *, final: bool) -> None:
        """Remember a failed attempt for the signal after the commit."""
        self.batch.failures.append(
            {"workflow": self.row.id, "name": self.row.name, "step": task.name, "attempt": task.attempt,
             "error": in_short(task.error), "final": final, "redactor": self.redactor}
        )  # fmt: skip

    def charge(self, task: RecordedTask) -> Charge | None:
        """Return what this attempt is charged with."""
        engine, position = self.batch.engine, task.position
        if engine.charges and (error := engine.take_charge(self.row.id, position, task.name)) is not None:
            self.charges[position] = Charge(error=error)
        return self.charges.get(position)

    def has_own_savepoint(self, position: Position) -> bool:
        """Whether the step at this position has a savepoint of its own."""
        return self.own_savepoints_from is not None and self.own_savepoints_from.order <= position.order

    def ran_before(self, position: Position) -> bool:
        """Whether what comes at this position has run in this transaction, or failed."""
        return any(charged.order >= position.order for charged in self.charges)

    def now(self) -> datetime:
        """Return the database's time, as far as a clock of our own has gone since the claim."""
        return self.batch.now()

    def write(self, task: RecordedTask) -> RecordedTask:
        """Have the flush insert or update this task; one that has ended gets its place among those that have."""
        if task.finished_at is not None and task.ended is None and task.status != Task.Status.CANCELLED:
            self._ended = self.ended + 1
            task.ended = self._ended
        elif task.finished_at is None:
            task.ended = None
        if self._furthest is not None and task.position not in self.tasks:
            self._furthest[task.position.branch] = max(self.furthest(task.position.branch), task.position.seq)
        self.tasks[task.position] = task
        self.dirty[task.position] = task
        return task

    @property
    def ended(self) -> int:
        """How many tasks have ended so far."""
        if self._ended is None:
            self._ended = max((task.ended or 0 for task in self.tasks.values()), default=0)
        return self._ended

    @property
    def end(self) -> Position:
        """The first position of the body itself behind all that is recorded."""
        return Position("", 1 + self.furthest(""))

    def unwrite(self, task: RecordedTask) -> None:
        """Forget a new task again."""
        del self.tasks[task.position], self.dirty[task.position]
        if self._furthest is not None:
            self._furthest[task.position.branch] = task.position.seq - 1

    def furthest(self, branch: str) -> int:
        """Return the last recorded seq of a branch, 0 where nothing is recorded."""
        if self._furthest is None:
            self._furthest = {}
            for position in self.tasks:
                self._furthest[position.branch] = max(self._furthest.get(position.branch, 0), position.seq)
        return self._furthest.get(branch, 0)

    def stop(self, status: str, **details: Any) -> None:
        """Set where the workflow stands; the first to say so is right."""
        if self.outcome is None:
            due = details.get("available_at")
            if self.row.deadline is not None and (
                status == Workflow.Status.WAITING or (status == Workflow.Status.PENDING and due)
            ):
                details["available_at"] = min(due or self.row.deadline, self.row.deadline)
            self.outcome = Outcome(status=status, **details)

    def park(self, branch: str, due: datetime | None, wait: Wait | None, *, listens: bool = False) -> None:
        """Let one branch stand still until that time; one that listens may be woken before."""
        self.stops.setdefault(branch, Stop(due, wait, listens))
        self.suspended.add(branch)

    def stand(self, due: datetime | None, waits: list[Wait], *, listens: bool = False) -> None:
        """Go on at that time; with calls in flight, when they land."""
        undoing, owned = self.row.status == Workflow.Status.COMPENSATING, self.is_in_flight
        going_on = Workflow.Status.WAITING if listens else Workflow.Status.PENDING
        self.stop(
            Workflow.Status.COMPENSATING if undoing else Workflow.Status.RUNNING if owned else going_on,
            available_at=None if owned else due,
            error=self.row.error if undoing else None,
            waiting_for=waits,
            owned=owned,
            wake_at=due if owned else None,
            listens=listens or due is not None,
            calls=[call for call, _ in self.calls.values()],
        )

    @property
    def is_in_flight(self) -> bool:
        """Whether calls are in flight once this is committed."""
        return bool(self.flights or self.calls)

    @property
    def call_epoch(self) -> int:
        """The epoch of calls that begin now: the same for as long as one of it is in flight."""
        return self.row.epoch if self.flights else self.row.epoch + 1

    def begin_call(self, call: OutsideCall, before: RecordedTask | None) -> None:
        """Have a call begun with the commit; `before` is its task as it was, if it was recorded."""
        self.calls[call.info.position] = call, before

    def take_back_call(self, position: Position) -> None:
        """Have a call not begun: nothing of it was committed."""
        _, before = self.calls.pop(position)
        if before is None:
            self.unwrite(self.tasks[position])
        else:
            self.write(before)

    def again(self) -> None:
        """Go back in line and run on in the next batch."""
        self.stand(self.now(), [])

    def try_by_itself(self) -> None:
        """Do nothing but record what came back from outside: the next try is by itself, in whichever process does that."""
        self.outcome, self.apart = None, True
        self.again()

    def step_aside(self, error: BaseException) -> None:
        """Do nothing but record what came back from outside: the next try is by itself, apart from the others."""
        self.set_aside = True
        self.outcome = None
        locked = is_lock_conflict(error)  # nobody's fault: uncounted, and beside the others again
        self.apart = not locked
        due = self.now() + timedelta(seconds=5 if locked else 0)
        wait = wait_for(WaitKind.TRANSACTION, since=self.now(), error=type(error).__name__)
        self.stand(None if self.flights else due, [wait])

    def block(self, error: BaseException) -> None:
        """Stop until a person has looked."""
        recorded = describe_end(error, self.failures)
        if self.row.status == Workflow.Status.COMPENSATING:
            recorded = json.dumps(json.loads(recorded) | {"undoing": self.turned_back_for})
        self.outcome = None
        waiting_for = [wait_for(WaitKind.PERSON, since=self.now(), error=type(error).__name__)]
        self.stop(Workflow.Status.BLOCKED, error=recorded, waiting_for=waiting_for, raised=error)

    @property
    def failures(self) -> list[str]:
        """What its tasks failed with for good, as recorded."""
        return [task.error for task in self.tasks.values() if task.status == Task.Status.FAILED and task.error]

    @property
    def turned_back_for(self) -> Any:
        """The error that its undoing began with, as recorded, whatever that was stuck in since; None for a cancel."""
        error = json.loads(self.row.error or "null")
        return error["undoing"] if error and "undoing" in error else error

    @property
    def redactor(self) -> Redactor:
        """What hides its secrets."""
        tasks = [value for task in self.tasks.values() for value in (task.payload, task.result)]
        stored = [self.row.kwargs, self.attributes, self.outcome.result if self.outcome else None, *tasks]
        return Redactor.of(*(read_json(text) for text in stored if text))

    @property
    def counted(self) -> bool:
        """Whether this try was committed before it began."""
        return self.row.crashes > 1 and self.row.owner_id is None
