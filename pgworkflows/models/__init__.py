"""What the database knows: fields, constraints, scopes, and the transitions that are allowed."""

from . import installed  # noqa: F401 - comes first, and raises
from .approval import Approval
from .approval_action import ApprovalAction
from .decision import Decision
from .definition import WorkflowDefinition
from .delegation import Delegation
from .event import Event
from .history import History
from .idempotency import IdempotencyKey
from .policy import ApprovalPolicy
from .relation import WorkflowRelation
from .request import Request
from .schedule import Schedule
from .stage import ApprovalStage
from .stage_condition import StageCondition
from .task import Task
from .worker import Worker
from .workflow import Workflow

__all__ = [
    "Approval",
    "ApprovalAction",
    "ApprovalPolicy",
    "ApprovalStage",
    "Decision",
    "Delegation",
    "Event",
    "History",
    "IdempotencyKey",
    "Request",
    "Schedule",
    "StageCondition",
    "Task",
    "Worker",
    "Workflow",
    "WorkflowDefinition",
    "WorkflowRelation",
]
