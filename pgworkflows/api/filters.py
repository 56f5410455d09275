"""Narrowing lists by query parameters."""

from __future__ import annotations

import json
import re
import uuid
from contextlib import suppress
from datetime import UTC
from typing import Any

import django_filters
from django import forms
from django.apps import apps
from django.db.models import Q, QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from ..exceptions import NotStorable
from ..models import Approval, Workflow, WorkflowDefinition
from ..presentation.search import meant, workflows_named
from ..values.encoding import encode
from ..values.redaction import redacted
from .pagination import ByColumn
from .problems import Unprocessable


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc] # django-filter has no types
    """Filter, and refuse a parameter that means nothing: a misspelt or empty filter must not show everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Raise ValidationError naming what is unknown or ill-formed."""
        known = {*view.filterset_class.base_filters}
        if view.pagination_class is not None:
            known |= {ByColumn.cursor_query_param, ByColumn.page_size_query_param}
        wrong = {name: ["There is no such parameter."] for name in sorted(set(request.query_params) - known)}
        wrong |= {name: ["Give a value, or leave it out."] for name, value in request.query_params.items() if not value}
        if wrong:
            raise ValidationError(wrong)
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found


class StrictFilterExtension(DjangoFilterExtension):
    """Say in the OpenAPI document that a filter is not empty."""

    target_class = "pgworkflows.api.filters.StrictFilterBackend"
    priority = 1

    def get_schema_operation_parameters(self, auto_schema: Any, *args: Any, **kwargs: Any) -> Any:
        """Add it to texts of no particular form."""
        parameters = super().get_schema_operation_parameters(auto_schema, *args, **kwargs)  # type: ignore[no-untyped-call]
        for parameter in parameters:
            if parameter["schema"] == {"type": "string"}:
                parameter["schema"] = {"type": "string", "minLength": 1}
        return parameters


class WholeNumberFilter(django_filters.Filter):  # type: ignore[misc] # django-filter has no types
    """A number without a fraction."""

    field_class = forms.IntegerField


VERSION = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
SUBJECT_PATTERN = r"^[^:]+:."


def about(found: QuerySet[Any], field: str, value: str) -> QuerySet[Any]:
    """Find what is about one business row."""
    if not re.search(SUBJECT_PATTERN, value):
        raise ValidationError({field: ["Give app_label.model:primary_key, as in shop.order:7."]})
    label, _, key = value.partition(":")
    return found.filter(subject_label=label.lower(), subject_id=key)


def labelled(found: QuerySet[Any], field: str, value: str) -> QuerySet[Any]:
    """Find what has these attributes."""
    try:
        wanted = encode(json.loads(value), field)
    except (ValueError, RecursionError, NotStorable):
        wanted = None
    if not isinstance(wanted, dict):
        raise Unprocessable(**{field: "This is no JSON object that could be stored."})
    if redacted(wanted) != wanted:
        raise Unprocessable(**{field: "What is hidden cannot be searched for."})
    # The index leaves out rows without attributes, which the planner has to be told.
    return found.filter(attributes__contains=wanted).exclude(attributes={}) if wanted else found


def yes_or_no(method: str) -> Any:
    """Return a filter that takes true and false, and nothing else."""
    return django_filters.ChoiceFilter(choices=(("true", "true"), ("false", "false")), method=method)


def by_subject() -> Any:
    """Return a filter by business row."""
    described = extend_schema_field({"type": "string", "pattern": SUBJECT_PATTERN})
    told = "`app_label.model:primary_key`, as in `shop.order:7`."
    return described(django_filters.CharFilter(method=about, strip=False, help_text=told))  # a key may be a space


def by_attributes() -> Any:
    """Return a filter by attributes."""
    told = 'A JSON object that the attributes contain, as in `{"region": "EU"}`.'
    described = extend_schema_field({"type": "string", "minLength": 1})
    return described(django_filters.CharFilter(method=labelled, help_text=told))


class MomentField(IsoDateTimeField):  # type: ignore[misc] # django-filter has no types
    """A time in UTC: PostgreSQL knows no offset of sixteen hours, which ISO 8601 does."""

    def to_python(self, value: Any) -> Any:
        """Return the time in UTC; refuse one that has no such form."""
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else moment
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc] # django-filter has no types
    """Compare with a time."""

    field_class = MomentField


class Nothing(django_filters.FilterSet):  # type: ignore[misc] # django-filter has no types
    """For lists that are short, or belong to one row."""


class WorkflowFilter(django_filters.FilterSet):  # type: ignore[misc] # django-filter has no types
    """Which workflows."""

    name = django_filters.CharFilter()
    version = extend_schema_field(VERSION)(WholeNumberFilter(min_value=VERSION["minimum"], max_value=VERSION["maximum"]))
    status = django_filters.MultipleChoiceFilter(choices=Workflow.Status.choices, method="with_status")
    state = django_filters.CharFilter()
    queue = django_filters.CharFilter()
    key = django_filters.CharFilter()
    parent = django_filters.UUIDFilter(field_name="parent_id")
    requested_by = django_filters.CharFilter(field_name="requested_by_name")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    finished = yes_or_no("that_ended")
    subject = by_subject()
    attributes = by_attributes()
    search = django_filters.CharFilter(
        method="meaning", help_text="A name, a key, an id, the subject's primary key, or words that name it."
    )

    def with_status(self, found: QuerySet[Workflow], _: str, values: list[str]) -> QuerySet[Workflow]:
        """Find what is in one of these statuses."""
        if not values:
            return found
        found = found.filter(status__in=values)
        # The planner does not see that these have not ended; said so, the partial index serves.
        return found if set(values) & set(Workflow.FINISHED) else found.filter(finished_at=None)

    def that_ended(self, found: QuerySet[Workflow], _: str, value: str) -> QuerySet[Workflow]:
        """Find what has ended, or what has not."""
        return found.filter(finished_at__isnull=value == "false")

    def meaning(self, found: QuerySet[Workflow], _: str, value: str) -> QuerySet[Workflow]:
        """Find what a text names, each way along an index."""
        names = set(WorkflowDefinition.objects.using(found.db).values_list("name", flat=True))
        if value in names:
            return found.filter(name=value)
        labels = [model._meta.label_lower for model in apps.get_models()]
        named = Q(name__in=names, key=value) | Q(subject_label__in=labels, subject_id=value) & ~Q(subject_label="")
        named |= Q(pk__in=workflows_named(value))
        with suppress(ValueError):
            named |= Q(id=uuid.UUID(value))
        return found.filter(named)


class ApprovalFilter(django_filters.FilterSet):  # type: ignore[misc] # django-filter has no types
    """Which approvals."""

    role = django_filters.ChoiceFilter(
        choices=[("approver", "approver"), ("requester", "requester"), ("decider", "decider")],
        method="in_role",
        help_text="Who is asked, themselves or as a delegate; who asked; who has decided.",
    )
    status = django_filters.MultipleChoiceFilter(choices=Approval.Status.choices)
    kind = django_filters.CharFilter()
    policy = django_filters.CharFilter(field_name="policy__name")
    workflow = django_filters.UUIDFilter(field_name="workflow_id")
    requested_by = django_filters.CharFilter(field_name="requested_by_name")
    overdue = yes_or_no("past_due")
    due_before = MomentFilter(field_name="due_at", lookup_expr="lt")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    subject = by_subject()
    attributes = by_attributes()
    search = django_filters.CharFilter(
        method="mentioning", help_text="Beginnings of words of title or subject, the subject's key, or the requester's name."
    )

    def in_role(self, found: QuerySet[Approval], _: str, value: str) -> QuerySet[Approval]:
        """Find what this user is asked, asked for, or has decided."""
        rows, user = Approval.objects.using(found.db), self.request.user
        if value == "approver":
            return found.filter(pk__in=rows.for_user(user).values("pk"))
        if value == "requester":
            return found.filter(requested_by=user)
        return found.filter(pk__in=rows.filter(decisions__user=user).values("pk"))

    def past_due(self, found: QuerySet[Approval], _: str, value: str) -> QuerySet[Approval]:
        """Find what waits past its due date, or all else."""
        overdue = Approval.objects.using(found.db).overdue()
        return found.filter(pk__in=overdue.values("pk")) if value == "true" else found.exclude(pk__in=overdue.values("pk"))

    def mentioning(self, found: QuerySet[Approval], _: str, value: str) -> QuerySet[Approval]:
        """Find what mentions a text."""
        return found.filter(meant(value))
