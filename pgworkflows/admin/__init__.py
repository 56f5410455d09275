"""The admin's pages; Django finds them here."""

from .approvals import approval, delegation, policy, stage
from .records import definition, history, schedule, worker
from .subjects import WorkflowsAdminMixin
from .workflows import workflow

__all__ = [
    "WorkflowsAdminMixin",
    "approval",
    "definition",
    "delegation",
    "history",
    "policy",
    "schedule",
    "stage",
    "worker",
    "workflow",
]
