"""Schedules: seen, started now, paused and resumed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from ...models import Schedule
from ...store.schedules import verbs
from .. import scopes
from ..documents import SCHEDULE, operation
from ..idempotency import once
from ..problems import Unprocessable
from ..serializers.schedules import PauseSchedule, ResumeSchedule, ScheduleEntry, Trigger
from ..serializers.workflows import WorkflowSummary
from .base import ListView, View


class Schedules(ListView):
    """The newest first."""

    queryset = Schedule.objects.none()
    serializer_class: Any = ScheduleEntry

    def rows(self, request: Request) -> QuerySet[Schedule]:
        """Find all with `view_schedule`."""
        return scopes.schedules(request.user)

    @operation("List schedules", ScheduleEntry(many=True))
    def get(self, request: Request) -> Response:
        """List what starts workflows by the clock."""
        return self.answer(request)


class OneSchedule(View):
    """One of them."""

    serializer_class = ScheduleEntry

    @operation("Read a schedule", ScheduleEntry, 404, parameters=(SCHEDULE,))
    def get(self, request: Request, schedule: str) -> Response:
        """Read when it comes next, and what it has left out."""
        return Response(ScheduleEntry(scopes.schedule_or_404(request.user, schedule)).data)


class TriggerSchedule(View):
    """Starting what a schedule starts."""

    needs = {"POST": "trigger_schedule"}
    serializer_class = Trigger

    @operation("Start what a schedule starts", WorkflowSummary, status=201, request=Trigger, parameters=(SCHEDULE,))
    def post(self, request: Request, schedule: str) -> Response:
        """Start it now, as its requester, whatever runs and whether the schedule is paused."""
        self.read(request)
        row = scopes.schedule_or_404(request.user, schedule)

        def effect() -> Response:
            try:
                run = verbs.trigger(row, by=request.user)
            except TypeError as error:
                raise Unprocessable(kwargs=str(error)) from error
            where = reverse("pgworkflows-api:workflow", [run.pk], request=request)
            return Response(WorkflowSummary(run).data, status=201, headers={"Location": where})

        return once(request, effect)


class PausedSchedule(View):
    """Starting nothing by the clock."""

    needs = {"POST": "change_schedule"}
    serializer_class = PauseSchedule

    @operation("Pause a schedule", ScheduleEntry, request=PauseSchedule, parameters=(SCHEDULE,))
    def post(self, request: Request, schedule: str) -> Response:
        """Start nothing by the clock until it is resumed."""
        given, row = self.read(request), scopes.schedule_or_404(request.user, schedule)

        def effect() -> Response:
            verbs.pause(row, given["reason"], by=request.user)
            return Response(ScheduleEntry(row).data)

        return once(request, effect)


class ResumedSchedule(View):
    """Going on."""

    needs = {"POST": "change_schedule"}
    serializer_class = ResumeSchedule

    @operation("Resume a schedule", ScheduleEntry, request=ResumeSchedule, parameters=(SCHEDULE,))
    def post(self, request: Request, schedule: str) -> Response:
        """Go on with the times that come from now on."""
        given, row = self.read(request), scopes.schedule_or_404(request.user, schedule)

        def effect() -> Response:
            verbs.resume(row, given.get("reason", ""), by=request.user)
            return Response(ScheduleEntry(row).data)

        return once(request, effect)
