"""Workflows to look at, and the addresses of their pages."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse

from pgworkflows import step, wait_for_event, workflow
from pgworkflows.models import History, Workflow
from pgworkflows.testing import run_workflows

VERBS = ("cancel", "retry", "compensate", "send_event")
GIVEN = {"reason": "the customer called", "name": "delivered", "payload": '{"signed_by": "Grace"}', "compensate": "on"}


@step(name="admin_tests.reserve")
def reserve(name: str) -> str:
    return f"{name} reserved"


@reserve.compensation
def release(name: str, *, result: str) -> None:
    pass


@step(name="admin_tests.break_down")
def break_down() -> None:
    raise ValueError("the press is jammed")


@workflow(name="admin_tests.waits")
def waits(name: str = "mug") -> object:
    reserve(name)
    return wait_for_event("delivered", correlation="DS7")


@workflow(name="admin_tests.fails", compensate_on=())
def fails(name: str = "mug") -> None:
    reserve(name)
    break_down()


def ran(workflow: Workflow) -> Workflow:
    """Run what can run, and return the row as it is then."""
    run_workflows()
    workflow.refresh_from_db()
    return workflow


def page(workflow: Workflow) -> str:
    return reverse("admin:pgworkflows_workflow_change", args=[workflow.pk])


def action(workflow: Workflow, verb: str) -> str:
    return reverse(f"admin:pgworkflows_workflow_{verb}", args=[workflow.pk])


def messages_of(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def standing(workflow: Workflow) -> tuple[Any, ...]:
    """Return everything that a refused request must leave as it was."""
    row = (
        Workflow.objects.filter(pk=workflow.pk).values_list("status", "available_at", "cancel_requested_at", "finished_at").get()
    )
    return (*row, workflow.events.count(), History.objects.count(), LogEntry.objects.count())
