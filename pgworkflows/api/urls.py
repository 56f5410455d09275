"""The addresses: `path("api/", include("pgworkflows.api.urls"))`."""

from __future__ import annotations

from django.urls import path

from .views.approvals import Approvals, Export, OneApproval
from .views.decisions import (
    ApproveApproval,
    Comments,
    ReassignApproval,
    RejectApproval,
    RequestChanges,
    ResubmitApproval,
    WithdrawApproval,
)
from .views.delegations import Delegations, EndOfDelegation
from .views.document import Document
from .views.requests import OneRequest, RequestsOfWorkflow
from .views.schedules import OneSchedule, PausedSchedule, ResumedSchedule, Schedules, TriggerSchedule
from .views.verbs import CancelWorkflow, CompensateWorkflow, Events, EventsOfWorkflow, RetryWorkflow
from .views.workflows import Definitions, HistoryOfWorkflow, OneWorkflow, Tasks, Workflows

app_name = "pgworkflows-api"

# Ids are text here, so that one that is none gets the same answer as one that is unknown.
urlpatterns = [
    path("schema/", Document.as_view(), name="schema"),
    path("definitions/", Definitions.as_view(), name="definitions"),
    path("events/", Events.as_view(), name="events"),
    path("workflows/", Workflows.as_view(), name="workflows"),
    path("workflows/<str:workflow>/", OneWorkflow.as_view(), name="workflow"),
    path("workflows/<str:workflow>/tasks/", Tasks.as_view(), name="tasks"),
    path("workflows/<str:workflow>/history/", HistoryOfWorkflow.as_view(), name="history"),
    path("workflows/<str:workflow>/events/", EventsOfWorkflow.as_view(), name="workflow-events"),
    path("workflows/<str:workflow>/requests/", RequestsOfWorkflow.as_view(), name="requests"),
    path("workflows/<str:workflow>/requests/<str:request_id>/", OneRequest.as_view(), name="request"),
    path("workflows/<str:workflow>/cancel/", CancelWorkflow.as_view(), name="cancel"),
    path("workflows/<str:workflow>/retry/", RetryWorkflow.as_view(), name="retry"),
    path("workflows/<str:workflow>/compensate/", CompensateWorkflow.as_view(), name="compensate"),
    path("approvals/", Approvals.as_view(), name="approvals"),
    path("approvals/export/", Export.as_view(), name="export"),
    path("approvals/<str:approval>/", OneApproval.as_view(), name="approval"),
    path("approvals/<str:approval>/approve/", ApproveApproval.as_view(), name="approve"),
    path("approvals/<str:approval>/reject/", RejectApproval.as_view(), name="reject"),
    path("approvals/<str:approval>/request-changes/", RequestChanges.as_view(), name="request-changes"),
    path("approvals/<str:approval>/resubmit/", ResubmitApproval.as_view(), name="resubmit"),
    path("approvals/<str:approval>/withdraw/", WithdrawApproval.as_view(), name="withdraw"),
    path("approvals/<str:approval>/reassign/", ReassignApproval.as_view(), name="reassign"),
    path("approvals/<str:approval>/comments/", Comments.as_view(), name="comments"),
    path("schedules/", Schedules.as_view(), name="schedules"),
    path("schedules/<str:schedule>/", OneSchedule.as_view(), name="schedule"),
    path("schedules/<str:schedule>/trigger/", TriggerSchedule.as_view(), name="trigger"),
    path("schedules/<str:schedule>/pause/", PausedSchedule.as_view(), name="pause-schedule"),
    path("schedules/<str:schedule>/resume/", ResumedSchedule.as_view(), name="resume-schedule"),
    path("delegations/", Delegations.as_view(), name="delegations"),
    path("delegations/<str:delegation>/end/", EndOfDelegation.as_view(), name="end-delegation"),
]
