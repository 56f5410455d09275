"""Playing one case: each person does next what the log says, by the verb, as soon as it can be their turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User

from demo_shop.expenses import submit, submit_again
from demo_shop.models import Declaration
from demo_shop.replay.acts import EMPLOYEE, Act, Deed
from demo_shop.replay.log import Case
from demo_shop.replay.people import People
from pgworkflows import AlreadyDecided, ApprovalExpired, NotAllowed, SubjectChanged
from pgworkflows.models import Approval, Workflow

REFUSALS = (AlreadyDecided, ApprovalExpired, NotAllowed, SubjectChanged)


@dataclass(slots=True, kw_only=True)
class Play:
    """How far one case is; `forbidden` says what the rules refused, and then it goes no further."""

    case: Case
    declaration: Declaration
    acts: list[Act]
    position: int = 0
    workflow: Workflow | None = None
    forbidden: str = ""

    @property
    def next_act(self) -> Act | None:
        """Return what is done next, or None when all is done."""
        return self.acts[self.position] if self.position < len(self.acts) and not self.forbidden else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a request stands: its newest approval, and whether its workflow has ended."""

    approval: int
    status: str
    resubmitted: bool
    ended: bool

    @property
    def waits_for_people(self) -> bool:
        """Say whether somebody can do something about it, or nobody ever will."""
        sent_back = self.status == Approval.Status.CHANGES_REQUESTED and not self.resubmitted
        return self.ended or self.status == Approval.Status.PENDING or sent_back


def look(plays: Sequence[Play]) -> dict[UUID, Standing]:
    """Return how the requests stand, by workflow, in one query; those that no worker has taken up yet are left out."""
    newest = (
        Approval.objects.filter(workflow__in=[play.workflow.pk for play in plays if play.workflow is not None])
        .order_by("workflow", "-seq")
        .distinct("workflow")
        .values_list("workflow", "pk", "status", "resubmitted_at", "workflow__finished_at")
    )
    return {
        workflow: Standing(approval=pk, status=status, resubmitted=resubmitted is not None, ended=finished is not None)
        for workflow, pk, status, resubmitted, finished in newest
    }


def is_over(play: Play, standing: Standing | None) -> bool:
    """Say whether nothing more comes of it: everything is done, and its workflow has ended."""
    if play.next_act is not None:
        return False
    return bool(play.forbidden) or play.workflow is None or (standing is not None and standing.ended)


def advance(play: Play, standing: Standing | None, people: People) -> bool:
    """Let the next person act if it can be their turn; return whether they did. What the rules refuse ends the case."""
    act = play.next_act
    if act is None or (play.workflow is not None and (standing is None or not standing.waits_for_people)):
        return False
    try:
        if standing is None or (act.deed == Deed.SUBMIT and standing.status == Approval.Status.WITHDRAWN):
            _begin(play, act)
        else:
            person = play.declaration.employee if act.role == EMPLOYEE else people.next_of(act.role)
            _do(play, act, Approval.objects.get(pk=standing.approval), person)
    except REFUSALS as refusal:
        play.forbidden = f"{act.activity}: {refusal}"
        return True
    play.position += 1
    return True


def _begin(play: Play, act: Act) -> None:
    if act.deed != Deed.SUBMIT:
        raise NotAllowed(f"{play.declaration} was never submitted, so nobody is asked.")
    assert act.route is not None
    play.declaration.refresh_from_db(fields=["state", "submissions"])
    play.workflow = submit(play.declaration, act.route)


def _do(play: Play, act: Act, approval: Approval, person: User) -> None:
    match act.deed:
        case Deed.SUBMIT:
            assert act.route is not None
            submit_again(play.declaration, act.route, approval)
        case Deed.WITHDRAW:
            approval.withdraw(person, "I take it back.")
        case Deed.APPROVE:
            approval.approve(person)
        case Deed.SEND_BACK:
            approval.request_changes(person, comment="Not like this.")
        case Deed.REFUSE:
            approval.reject(person, comment="Not at all.")
