"""Running the branches of a body one after another, each as far as it goes, until it is decided how they end together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from typing import Any, NamedTuple, NoReturn

from ...definitions.scope import current_scope
from ...exceptions import Cancelled
from ...models import Task
from ...store.records import RecordedTask
from ..body import BodyScope
from ..control_flow import ControlFlow, Suspended
from ..errors import describe
from .cuts import CANCELLED, Cut, cut_branch, path_of
from .ended import BranchStatus, Ended

Branch = Callable[[], Any]
#: What is recorded where a branch's error ends them all.
FAILED = "failed"


class Decision(NamedTuple):
    """Why it is over, and which branch has decided it."""

    reason: str
    branch: int | None = None


#: Given the branch that has ended, and all that have, says whether it is over.
Decide = Callable[[Ended[Any], dict[int, Ended[Any]]], Decision | None]


class Gathering:
    """One gather, settle or first of a body.

    Results are recorded before the body runs, so that each branch is answered from records alone, and then goes on. Once it is
    decided while branches are open, those are cut, and the body starts afresh: a first run sees what every replay will see.
    """

    def __init__(self, scope: BodyScope, verb: str, branches: Sequence[Branch], at_most: int | None, decide: Decide) -> None:
        self.scope, self.run, self.verb = scope, scope.run, verb
        self.branches, self.at_most, self.decide = branches, at_most, decide
        #: How those of this pass have ended, and how many branches have begun.
        self.ended: dict[int, Ended[Any]] = {}
        self.begun = 0
        #: The first error of a clean-up.
        self.fault: BaseException | None = None

    def result(self) -> tuple[dict[int, Ended[Any]], Decision]:
        """Return how the branches ended, those that never began left out, and why it is over."""
        self.task = self._task()
        record = json.loads(self.task.result or "{}")
        if "reason" in record:
            return self._decided(record)
        decision = self._go_on(record.get("next", 0))
        if decision is None:
            self._stand_still(record)
        return self._close(decision, turned="next" in record)

    def _task(self) -> RecordedTask:
        number, at = len(self.branches), self.scope.position.next
        recorded = self.run.tasks.get(at)
        if recorded is not None and recorded.result and json.loads(recorded.result).get("reason") == CANCELLED:
            self.scope.end_if_stopped()  # it was open when this branch was cut: it comes to its end before that is felt here
            task = self.scope.take(Task.Kind.GATHER, self.verb)
        else:
            task = self.scope.match(Task.Kind.GATHER, self.verb)
        if task is None:
            task = self.scope.task(Task.Kind.GATHER, self.verb, payload=json.dumps({"branches": number}))
            return self.run.write(task)
        before = json.loads(str(task.payload))["branches"]
        if before != number:
            self.scope.mismatch(f"{self.verb} of {before} branches", f"{self.verb} of {number} branches", at)
        return task

    def _path(self, index: int) -> str:
        return path_of(self.task.position, index)

    def _go_on(self, turn: int) -> Decision | None:
        """Run what has begun, from the branch on whose turn it is, and begin others; return why it is over, if it is."""
        rest: Iterable[int] = range(len(self.branches))
        if turn:  # some were put off the last time: who comes first in the order decides all the same
            old = [i for i in rest if self.run.furthest(self._path(i)) or (i == turn and self.at_most is None)]
            rest = [index for index in rest if index not in set(old)]
            for index in sorted(old, key=lambda index: (index < turn, index)):
                self._run(index)
            for index in sorted(self.ended):
                if decision := self.decide(self.ended[index], {k: v for k, v in self.ended.items() if k <= index}):
                    return decision
        for index in rest:
            if self.at_most is not None and self.begun - len(self.ended) >= self.at_most:
                return None
            if (ended := self._run(index)) and (decision := self.decide(ended, self.ended)):
                return decision
        return None

    def _run(self, index: int) -> Ended[Any] | None:
        self.begun += 1
        ended = self._run_branch(index, None)
        if ended is not None:
            self.ended[index] = ended
        return ended

    def _stand_still(self, record: dict[str, Any]) -> NoReturn:
        """Wait for the branches; where one was put off for want of budget, the next one is first the next time."""
        first = self.run.put_off_first or ""
        turns = [index for index in range(len(self.branches)) if f"{first}/".startswith(f"{self._path(index)}/")] if first else []
        if turns and record.get("next") != turns[0] + 1:
            self.task.result = json.dumps({"next": turns[0] + 1})
            self.run.write(self.task)
        self._suspend()

    def _suspend(self) -> NoReturn:
        self.run.suspended.add(self.scope.position.branch)
        raise Suspended

    def _close(self, decision: Decision, *, turned: bool) -> tuple[dict[int, Ended[Any]], Decision]:
        """Record why it is over and where each open branch is cut."""
        run, begun = self.run, self._begun()
        cuts = {str(i): cut_branch(run, self._path(i)) for i in range(begun) if i not in self.ended}
        self.task.result = json.dumps(decision._asdict() | {"begun": begun, "cuts": cuts})
        error = self.ended[decision.branch].error if decision.branch is not None else None
        self.task.status = Task.Status.FAILED if error is not None else Task.Status.COMPLETED
        self.task.error = describe(error, step=self.verb) if error is not None else None
        self.task.finished_at = run.now()
        run.write(self.task)
        if cuts or turned or self._is_to_be_checked():
            self._restart()
        return self.ended, decision

    def _begun(self) -> int:
        """Count the branches up to the last that has begun: they begin in order."""
        recorded = [index for index in range(len(self.branches)) if self.run.furthest(self._path(index))]
        return max(max(recorded, default=-1), max(self.ended, default=-1), self.begun - 1) + 1

    def _is_to_be_checked(self) -> bool:
        """Whether the branches, all from their records by now, run once more in another order, or have done so just now."""
        run, position = self.run, self.task.position
        if position in run.checking:
            run.checking.discard(position)
            run.checked.add(position)
            return True
        if run.batch.engine.checks_order and position in run.dirty and position not in run.checked:
            run.checking.add(position)
            return True
        return False

    def _restart(self) -> NoReturn:
        self.run.restarting = True
        raise Suspended

    def _decided(self, record: dict[str, Any]) -> tuple[dict[int, Ended[Any]], Decision]:
        """Answer from the record: ended branches come to their end again, cut ones to where they are cut, and clean up."""
        run, waiting = self.run, False
        order = range(len(self.branches))
        for index in reversed(order) if self.task.position in run.checking else order:
            seq = record["cuts"].get(str(index))
            if seq is None and index >= record["begun"]:
                continue
            ended = self._run_branch(index, Cut(seq, self._reason(record)) if seq is not None else None)
            waiting |= ended is None
            if ended is not None:
                self.ended[index] = ended
        if waiting:
            self._suspend()
        if self._is_to_be_checked():
            self._restart()
        return self._answer(Decision(record["reason"], record["branch"]))

    def _reason(self, record: dict[str, Any]) -> str:
        if record["reason"] == CANCELLED and self.scope.cut is not None:
            return self.scope.cut.reason
        which = f" by branch {record['branch'] + 1}" if record["branch"] is not None else ""
        return f"{self.verb} at {self.task.position} was decided{which}: {record['reason']}"

    def _answer(self, decision: Decision) -> tuple[dict[int, Ended[Any]], Decision]:
        error: BaseException | None = None
        if decision.reason == CANCELLED and self.scope.cut is not None:
            self.scope.cancelled = True
            error = Cancelled(self.scope.cut.reason)
        elif decision.branch is not None:
            decider = self.ended[decision.branch]
            error = decider.error
            if (decision.reason == FAILED) != (error is not None):
                recorded, met = (
                    f"{decision.reason} by branch {decision.branch + 1}",
                    f"branch {decision.branch + 1} {decider.status}",
                )
                self.scope.mismatch(f"{self.verb} {recorded}", met, self.task.position)
        if self.fault is not None:
            self.fault.__context__ = error
            raise self.fault
        if isinstance(error, Cancelled):
            raise error
        return self.ended, decision

    def _run_branch(self, index: int, cut: Cut | None) -> Ended[Any] | None:
        """Run a branch as far as it goes; return how it ended, or None where it waits."""
        inner, value, raised = BodyScope(self.run, self._path(index), cut), None, None
        try:
            value = copy_context().run(_in_scope, inner, self.branches[index])
        except BaseException as error:  # sys.exit() in a branch is its failure, as any exception
            if isinstance(error, ControlFlow) and not isinstance(error, Suspended):
                raise
            raised = error
        if inner.suspended or isinstance(raised, Suspended):
            if self.run.stopped:
                self._suspend()
            return None
        inner.check_end(f"the exception {raised!r}" if raised is not None else "the end of the branch")
        if not inner.cancelled:
            status = BranchStatus.COMPLETED if raised is None else BranchStatus.FAILED
            return Ended(index=index, status=status, value=value, error=raised)
        if raised is not None and not isinstance(raised, Cancelled):
            self.fault = self.fault or raised
        return Ended(index=index, status=BranchStatus.CANCELLED)


def _in_scope(scope: BodyScope, branch: Branch) -> Any:
    current_scope.set(scope)
    return branch()
