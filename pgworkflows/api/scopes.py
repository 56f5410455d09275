"""What a user may see: somebody else's row is not found."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound

from ..conf import conf
from ..models import Approval, Delegation, History, Schedule, Workflow, WorkflowDefinition
from ..models.people import may
from ..values.people import User, UserRow


def workflows(user: UserRow) -> QuerySet[Workflow]:
    """Find one's own workflows; all with `view_workflow`."""
    found = Workflow.objects.using(conf().DATABASE)
    return found if may(user, "view_workflow") else found.filter(requested_by=user)


def definitions(user: User) -> QuerySet[WorkflowDefinition]:
    """Find all with `view_workflow`, else those that one may start here, else none."""
    found = WorkflowDefinition.objects.using(conf().DATABASE)
    if may(user, "view_workflow"):
        return found.all()
    return found.filter(options__api=True) if may(user, "start_workflow") else found.none()


def history(workflow: Workflow) -> QuerySet[History]:
    """Find what happened to a workflow, its tasks and its approvals, in order."""
    return History.objects.using(conf().DATABASE).of_workflow(workflow.pk)


def workflow_or_404(user: User, key: str) -> Workflow:
    """Return the workflow of this id that the user may see; raise NotFound, also for what is no id."""
    try:
        wanted = uuid.UUID(key)
    except ValueError:
        raise NotFound from None
    found = workflows(user).filter(pk=wanted).first()
    if found is None:
        raise NotFound
    return found


def shown_approvals() -> QuerySet[Approval]:
    """Find approvals with what a summary shows of them."""
    found = Approval.objects.using(conf().DATABASE)
    return found.select_related("policy", "stage", "workflow").defer("workflow__error").prefetch_related("decisions")


def approvals(user: User) -> QuerySet[Approval]:
    """Find what one is asked, stands in for, asked for or has decided; all with `view_approval`."""
    return Approval.objects.using(conf().DATABASE).visible_to(user)


def approval_or_404(user: User, key: str) -> Approval:
    """Return the approval of this id that the user may see; raise NotFound, also for what is no id."""
    found = approvals(user).filter(pk=_number(key)).first()
    if found is None:
        raise NotFound
    return found


def delegations(user: User) -> QuerySet[Delegation]:
    """Find what one gave or got."""
    return Delegation.objects.using(conf().DATABASE).of(user).select_related("delegator", "delegate")


def delegation_or_404(user: User, key: str) -> Delegation:
    """Return the delegation of this id that the user gave or got; raise NotFound, also for what is no id."""
    found = delegations(user).filter(pk=_number(key)).first()
    if found is None:
        raise NotFound
    return found


def schedules(user: User) -> QuerySet[Schedule]:
    """Find all with `view_schedule`, else none."""
    found = Schedule.objects.using(conf().DATABASE)
    return found.all() if may(user, "view_schedule") else found.none()


def schedule_or_404(user: User, key: str) -> Schedule:
    """Return the schedule of this id that the user may see; raise NotFound, also for what is no id."""
    found = schedules(user).filter(pk=_number(key)).first()
    if found is None:
        raise NotFound
    return found


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise NotFound
    return int(key)
