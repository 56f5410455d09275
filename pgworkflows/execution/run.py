"""One workflow inside one batch: what is recorded, what is new, and where it stands at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..definitions.step import Step
from ..definitions.workflow import WorkflowFunction
from ..models import Task, Workflow
from ..models.waits import Wait, WaitKind, wait_for
from ..models.workflow_row import ClaimedWorkflow, WorkflowChange
from ..store.records import RecordedTask, WaitingEvent
from ..store.requests import Reply
from ..values.position import Position
from ..values.readable import read_json
from ..values.redaction import Redactor
from .batch_state import Batch
from .control_flow import Suspended
from .errors import describe_end, in_short, is_lock_conflict
from .outside import OutsideCall, OutsideResult

#: After so many tries in vain in a row a workflow is not tried any more.
MOST_CRASHES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where the workflow stands after this batch."""

    status: str
    available_at: datetime | None = None
    result: str | None = None
    error: str | None = None
    waiting_for: list[Wait] = field(default_factory=list)
    calls: list[OutsideCall] = field(default_factory=list)
    #: What `error` was made from, where this process raised it.
    raised: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An attempt that failed in a transaction, or behind a savepoint, that is gone: it counts when its call comes up again."""

    error: BaseException
    #: The call, and when it began; None where whatever is called at that position is charged.
    call: object = None
    began: datetime | None = None


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

    def __post_init__(self) -> None:
        self.state, self.attributes = self.row.state, self.row.attributes

    @property
    def stopped(self) -> bool:
        """Whether the body is not to go on."""
        return self.outcome is not None or self.undone is not None

    def before_step(self, step: Step[..., Any], position: Position, lost_call: str = "") -> None:
        """Go on in the next batch if this one has lasted long enough; stop for good what kills its workers."""
        batch = self.batch
        if self.row.crashes > MOST_CRASHES:
            self.block(self.tried_too_often(f"Step {step.name}", lost_call))
            raise Suspended
        answered = bool(batch.landed) and (self.row.id, self.row.epoch) in batch.landed
        if (batch.apart or answered) and self.row.crashes > 1 and self.dirty:
            # Commit step by step, so that the one that is tried in vain stands alone and gets the blame, and so that an
            # answer from outside does not go with it.
            self.apart = True
            self.again()
            raise Suspended
        if batch.over_budget() and (batch.report.advanced or self.dirty) and not self.ran_before(position):
            batch.report.overran = True
            self.again()
            raise Suspended
        batch.begin(step)

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
        return self.own_savepoints_from is not None and not self.own_savepoints_from.is_after(position)

    def ran_before(self, position: Position) -> bool:
        """Whether what comes at this position has run in this transaction, or failed."""
        return position in self.charges or any(charged.is_after(position) for charged in self.charges)

    def take_word_of_hang(self) -> bool:
        """Return whether a worker left word that it hung in this."""
        return bool(self._take_events("$hanging"))

    def take_own_events(self) -> None:
        """Take the engine's own events out of those that a body may wait for."""
        for event in self._take_events("$"):
            if event.name == "$cancel" and self.row.cancel_requested_at is None:
                self.row.cancel_requested_at, self.row.cancel_request = self.now(), event.payload
            if event.name == "$timeout" and event.payload:
                self.overran.add(Position(**json.loads(event.payload)))

    def _take_events(self, prefix: str) -> list[WaitingEvent]:
        taken = [event for event in self.events if event.name.startswith(prefix)]
        self.events = [event for event in self.events if event not in taken]
        self.dropped += [event.id for event in taken]
        return taken

    def now(self) -> datetime:
        """Return the database's time, as far as a clock of our own has gone since the claim."""
        return self.batch.now()

    def write(self, task: RecordedTask) -> RecordedTask:
        """Have the flush insert or update this task."""
        self.tasks[task.position] = task
        self.dirty[task.position] = task
        return task

    @property
    def end(self) -> Position:
        """The first position of the body itself behind all that is recorded."""
        return Position("", 1 + max(position.seq for position in self.tasks if not position.branch))

    def unwrite(self, task: RecordedTask) -> None:
        """Forget a new task again."""
        del self.tasks[task.position], self.dirty[task.position]

    def stop(self, status: str, **details: Any) -> None:
        """Set where the workflow stands; the first to say so is right."""
        if self.outcome is None:
            due = details.get("available_at")
            if self.row.deadline is not None and (
                status == Workflow.Status.WAITING or (status == Workflow.Status.PENDING and due)
            ):
                details["available_at"] = min(due or self.row.deadline, self.row.deadline)
            self.outcome = Outcome(status=status, **details)

    def again(self) -> None:
        """Go back in line and run on in the next batch."""
        self.later(self.now())

    def later(self, due: datetime, *waits: Wait) -> None:
        """Run on at that time."""
        if self.row.status == Workflow.Status.COMPENSATING:
            self.stop(Workflow.Status.COMPENSATING, available_at=due, error=self.row.error, waiting_for=list(waits))
        else:
            self.stop(Workflow.Status.PENDING, available_at=due, waiting_for=list(waits))

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
        self.later(due, wait_for(WaitKind.TRANSACTION, since=self.now(), error=type(error).__name__))

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

    def change(self, moment: datetime) -> WorkflowChange:
        """Return what the flush of that moment writes to the workflow's row."""
        outcome = self.outcome
        assert outcome is not None
        return WorkflowChange(
            id=self.row.id,
            status=outcome.status,
            state=self.state,
            result=outcome.result,
            error=outcome.error,
            attributes=self.attributes,
            available_at=outcome.available_at,
            started_at=self.row.started_at or moment,
            finished_at=moment if outcome.status in Workflow.FINISHED else None,
            waiting_for=json.dumps(outcome.waiting_for) if outcome.waiting_for else "[]",
            owner_id=self.batch.engine.worker_id if outcome.calls else None,
            epoch=outcome.calls[0].epoch if outcome.calls else self.row.epoch,
            crashes=self.crashes,
            cancel_request=self.row.cancel_request,
            cancel_requested_at=self.row.cancel_requested_at,
        )

    @property
    def redactor(self) -> Redactor:
        """What hides its secrets."""
        tasks = [value for task in self.tasks.values() for value in (task.payload, task.result)]
        stored = [self.row.kwargs, self.attributes, self.outcome.result if self.outcome else None, *tasks]
        return Redactor.of(*(read_json(text) for text in stored if text))

    @property
    def crashes(self) -> int:
        """How many tries in vain still count: none after progress; beginning an outside attempt is not progress."""
        outcome, before = self.outcome, self.row.crashes
        if outcome is not None and outcome.status in Workflow.FINISHED:
            return 0
        if self.lost:  # as after the death of a worker; of what is tried by itself the count was committed before
            return max(before, min(before + 1, 2))
        if self.turned_away:
            return before if before < 2 else 0 if before == 2 else before - 1
        if self.apart and outcome is not None and outcome.status in (Workflow.Status.PENDING, Workflow.Status.COMPENSATING):
            return max(2, self.row.crashes if self.set_aside else 0)
        if outcome is None or not outcome.calls or not self.batch.apart:
            return 0
        progressed = any(task.status != Task.Status.RUNNING for task in self.dirty.values())
        return 0 if progressed else self.row.crashes

    @property
    def counted(self) -> bool:
        """Whether this try was committed before it began."""
        return self.row.crashes > 1 and self.row.owner_id is None

    def tried_too_often(self, where: str, lost_call: str = "") -> RuntimeError:
        """Make the error of a workflow that is not tried any more."""
        lost = self.batch.engine.lost.get(self.row.id)
        how = (
            f"its call was lost, the last time by {lost_call}"
            if lost_call
            else f"it lost its transaction: {type(lost).__name__}: {lost}"
            if lost
            else "it ended its worker process, or hung until that was ended"
        )
        return RuntimeError(
            f"{where} of workflow {self.row.name} {self.row.id} was tried {MOST_CRASHES} times in a row, and each time {how}. "
            "Mend the cause, then retry() it; or cancel() it."
        )
