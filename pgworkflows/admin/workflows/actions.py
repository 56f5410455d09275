"""What people do to a workflow in the admin: each has its own address, its own permission, and asks for a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from ...models import Task, Workflow
from ...models.waits import TRIED_NOW
from ...presentation.waits import waits_of
from ...values.people import Person


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("It stays in the history.")
    )


class CancelForm(ReasonForm):
    """Why, and whether to undo what was done."""

    compensate = forms.BooleanField(label=_("Undo its completed steps"), required=False, initial=True)


class JSONText(forms.Field):
    """Any JSON; nothing is null."""

    widget = forms.Textarea(attrs={"rows": 6})

    def to_python(self, value: Any) -> Any:
        """Read it; what is no JSON, or nested beyond reason, is refused."""
        if value in self.empty_values or not value.strip():
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON: %(error)s"), params={"error": error}) from error


class EventForm(forms.Form):
    """What is sent, and why."""

    name = forms.CharField(
        label=_("Name of the event"), max_length=200, validators=[RegexValidator(r"^[^$]", _("A name does not begin with $."))]
    )
    payload = JSONText(label=_("Payload"), required=False, help_text=_("As JSON. What waits for the event gets it."))
    key = forms.CharField(
        label=_("Key"), max_length=200, required=False, help_text=_("The same key is sent once. May be left out.")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("It stays in the admin's log.")
    )

    field_order = ["name", "payload", "key", "reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One verb: who may, when it makes sense, what is asked, and what is said afterwards.

    `perform` returns a warning to show in place of `done`, or None.
    """

    name: str
    permission: str
    label: Any
    button: Any
    question: Any
    explanation: Any
    done: Any
    form: type[forms.Form]
    offered: Callable[[Workflow], bool]
    perform: Callable[[Workflow, dict[str, Any], Any], Any]
    initial: Callable[[Workflow], dict[str, Any]] = lambda workflow: {}


def _stopped(workflow: Workflow) -> bool:
    return workflow.status in (Workflow.Status.FAILED, Workflow.Status.BLOCKED)


def _backs_off(workflow: Workflow) -> bool:
    again = workflow.status in (Workflow.Status.PENDING, Workflow.Status.COMPENSATING) and workflow.owner_id is None
    kinds = {wait.get("kind") for wait in waits_of(workflow)}
    return again and not kinds.isdisjoint(TRIED_NOW)


def _unfinished(workflow: Workflow) -> bool:
    return not workflow.is_finished


def _cancel(workflow: Workflow, given: dict[str, Any], by: Person) -> None:
    workflow.cancel(given["reason"], compensate=given["compensate"], by=by)


def _retry(workflow: Workflow, given: dict[str, Any], by: Person) -> None:
    workflow.retry(given["reason"], by=by)


def _compensate(workflow: Workflow, given: dict[str, Any], by: Person) -> None:
    workflow.compensate(given["reason"], by=by)


def _send_event(workflow: Workflow, given: dict[str, Any], by: Person) -> Any:
    if workflow.send_event(given["name"], given["payload"], key=given["key"] or None, by=by):
        return None
    said = _(
        "The event is kept, but the workflow does not wait for “%(name)s” now. Check the name: it may be too early, or wrong."
    )
    return said % {"name": given["name"]}


def _awaited(workflow: Workflow) -> dict[str, Any]:
    waits = workflow.tasks.filter(kind=Task.Kind.EVENT, status=Task.Status.WAITING)
    return {"name": waits.order_by("branch", "seq").values_list("name", flat=True).first() or ""}


ACTIONS = (
    Action(
        name="cancel",
        permission="pgworkflows.cancel_workflow",
        label=_("Cancel"),
        button=_("Cancel the workflow"),
        question=_("Cancel this workflow?"),
        explanation=_("It ends. What runs just now is finished first."),
        done=_("The workflow is being cancelled."),
        form=CancelForm,
        offered=_unfinished,
        perform=_cancel,
    ),
    Action(
        name="retry",
        permission="pgworkflows.retry_workflow",
        label=_("Retry"),
        button=_("Let it go on"),
        question=_("Let this workflow go on?"),
        explanation=_("It goes on where it stopped, with the same idempotency keys. The attempts start afresh."),
        done=_("The workflow goes on."),
        form=ReasonForm,
        offered=_stopped,
        perform=_retry,
    ),
    Action(
        name="try_now",
        permission="pgworkflows.retry_workflow",
        label=_("Try now"),
        button=_("Try it now"),
        question=_("Try again now?"),
        explanation=_(
            "What is to be tried again later is tried at once. It counts as any attempt, with the same idempotency key."
        ),
        done=_("It is tried now."),
        form=ReasonForm,
        offered=_backs_off,
        perform=_retry,
    ),
    Action(
        name="compensate",
        permission="pgworkflows.compensate_workflow",
        label=_("Undo its steps"),
        button=_("Undo its steps"),
        question=_("Undo what this workflow has done?"),
        explanation=_("Its completed steps are compensated, last first. Then it has ended."),
        done=_("What the workflow has done is being undone."),
        form=ReasonForm,
        offered=_stopped,
        perform=_compensate,
    ),
    Action(
        name="send_event",
        permission="pgworkflows.send_event",
        label=_("Send an event"),
        button=_("Send the event"),
        question=_("Send an event to this workflow?"),
        explanation=_("What waits for it goes on. An event may come before anything waits for it."),
        done=_("The event is sent."),
        form=EventForm,
        offered=_unfinished,
        perform=_send_event,
        initial=_awaited,
    ),
)
