"""What the database knows: fields, constraints, scopes, and the transitions that are allowed."""

from .approval import Approval, Decision
from .definition import WorkflowDefinition
from .event import Event
from .history import History
from .relation import WorkflowRelation
from .task import Task
from .worker import Worker
from .workflow import Workflow

__all__ = [
    "Approval",
    "Decision",
    "Event",
    "History",
    "Task",
    "Worker",
    "Workflow",
    "WorkflowDefinition",
    "WorkflowRelation",
]
