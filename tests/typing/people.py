"""Who acts is a user or a user's name, to mypy and pyright."""

from django.contrib.auth.models import AnonymousUser, Group, User

from pgworkflows import acting_as
from pgworkflows.models import Approval, Workflow


def act(approval: Approval, workflow: Workflow, user: User, group: Group) -> None:
    """Act as rows, as names, and as what is neither."""
    approval.approve(user, on_behalf_of="bob")
    approval.reassign("ann", group, "away")
    workflow.cancel("no", by=AnonymousUser())
    with acting_as("ann"):
        workflow.retry()
    approval.approve(7)  # type: ignore[arg-type]
    approval.reassign(user, 7, "away")  # type: ignore[arg-type]
    workflow.cancel("no", by=group)  # type: ignore[arg-type]
    with acting_as(7):  # type: ignore[arg-type]
        workflow.retry()
