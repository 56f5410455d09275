"""Asking a workflow in a test, whose transaction no worker could see."""

from __future__ import annotations

from typing import Any

from ..models import Workflow
from ..store import answers, requests
from ..values.people import Person
from .runner import run_workflows


def ask(workflow: Workflow, name: str, payload: Any = None, *, by: Person | None = None) -> Any:
    """Do `workflow.ask()`: leave the request, run what can run, and return the answer or raise RequestRefused or WaitTimeout."""
    request = requests.post(workflow.pk, name, payload, by=by)
    run_workflows()
    return answers.wait_for_answer(workflow.pk, name, request, 0)
