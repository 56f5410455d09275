"""Workers: the processes that run workflows, and whether they live."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, F, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...models import Worker
from ...store.connection import database_now
from ..filters import ChosenFilter
from ..listing import ReadOnlyAdmin
from ..showing import badge, moment


class LivingFilter(ChosenFilter):
    """By whether it runs."""

    title, parameter_name = _("whether it runs"), "running"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two."""
        return [("yes", _("running")), ("no", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those that have neither stopped nor been found dead, or the others."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(stopped_at__isnull=chosen == "yes")


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """The processes that run workflows."""

    list_display = ("name_", "standing", "queues_", "direct_", "calls", "started", "beat")
    list_filter = (LivingFilter,)
    fields = (
        "name_",
        "standing",
        "queues_",
        "definitions",
        "direct_",
        "lease",
        "calls",
        "started",
        "connected_at",
        "beat",
        "stopped_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Say of each whether its lease has passed, by the database's clock, and how many calls it has in flight."""
        late = When(stopped_at=None, beat_at__lt=database_now() - F("lease"), then=Value(True))
        found: QuerySet[Any] = super().get_queryset(request)
        described: QuerySet[Any] = found.annotate(late=Case(late, default=Value(False)), in_flight=Count("claims"))
        return described

    @admin.display(description=_("worker"))
    def name_(self, worker: Worker) -> str:
        """Show its name."""
        return worker.name

    @admin.display(description=_("status"))
    def standing(self, worker: Any) -> SafeString:
        """Show whether it lives."""
        if worker.stopped_at is not None:
            return badge("", _("ended"))
        return badge("FAILED", _("gives no sign of life")) if worker.late else badge("COMPLETED", _("running"))

    @admin.display(description=_("queues"))
    def queues_(self, worker: Worker) -> str:
        """Show the queues it takes."""
        return ", ".join(worker.queues) or str(_("all"))

    @admin.display(description=_("connection"))
    def direct_(self, worker: Worker) -> str:
        """Show whether it is connected without a pooler."""
        return str(_("direct")) if worker.direct else str(_("through a pooler"))

    @admin.display(description=_("calls in flight"))
    def calls(self, worker: Any) -> int:
        """Show how many outside calls it has made and not reported."""
        return int(worker.in_flight)

    @admin.display(description=_("started"))
    def started(self, worker: Worker) -> SafeString | str:
        """Show when it started."""
        return moment(worker.started_at)

    @admin.display(description=_("last sign of life"))
    def beat(self, worker: Worker) -> SafeString | str:
        """Show its last heartbeat."""
        return moment(worker.beat_at)
