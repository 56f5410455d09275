"""What is filled in to make or change a schedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ...definitions.arguments import convert
from ...definitions.declared_schedule import DeclaredSchedule
from ...definitions.registry import registry
from ...definitions.schedule import LONGEST_NAME, problems
from ...models import Schedule
from ...models.schedule import TIMETABLE
from ...values.encoding import PLAIN, TAGGED
from ...values.plain import plain
from ...values.redaction import redacted
from ...values.timetable import Timetable
from ..workflows.actions import JSONText

Base = forms.ModelForm  # generic only for type checkers

LENGTHS = ("every", "offset", "jitter", "catch_up")


class ScheduleForm(Base):  # type: ignore[type-arg] # not subscriptable at run time
    """A schedule, and why it is changed."""

    name = forms.CharField(label=_("name"), max_length=LONGEST_NAME)
    workflow = forms.ChoiceField(label=_("workflow"))
    kwargs = JSONText(label=_("arguments"), required=False, help_text=_('As JSON, such as {"branch": "Berlin"}.'))
    reason = forms.CharField(label=_("reason"), max_length=500, help_text=_("The history keeps it."))

    class Meta:
        model = Schedule
        fields = [
            "name", "workflow", "kwargs", "cron", "tz", "every", "offset", "starts_at", "ends_at", "jitter", "overlap", "missed",
            "catch_up", "queue", "priority",
        ]  # fmt: skip
        widgets = dict.fromkeys(("cron", "tz", "queue"), forms.TextInput)
        help_texts = {name: _("As days hours:minutes:seconds, such as 0 00:05:00.") for name in LENGTHS} | {
            "cron": _("Five fields: minute, hour, day of the month, month, day of the week."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [self.instance.workflow] if self.instance.pk else []
        allowed = {name for (name, _version), known in registry.workflows.items() if known.api}
        self.fields["workflow"].choices = [(name, name) for name in sorted({*own, *allowed})]  # type: ignore[attr-defined] # a ChoiceField
        self._shown = redacted(plain(self.instance.kwargs) if self.instance.format == TAGGED else self.instance.kwargs)
        self.initial["kwargs"] = forms.JSONField().prepare_value(self._shown)
        if not self.instance.pk:
            self.instance.format = PLAIN

    def clean_kwargs(self) -> dict[str, Any]:
        """Require names and values; what was shown with secrets hidden stays as it was."""
        given = self.cleaned_data["kwargs"]
        if given is not None and not isinstance(given, dict):
            raise ValidationError(_("Arguments have names: write {…}."))
        if self.instance.pk and (given or {}) == self._shown:
            return dict(self.instance.kwargs)
        self.instance.format = PLAIN
        return given or {}

    def clean(self) -> dict[str, Any]:
        """Say what `manage.py check` would say of it in code."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        for problem in problems(self._declared(given)):
            self.add_error(None, problem)
        if self.instance.format == PLAIN and not self.errors:
            known = registry.latest(given["workflow"])
            try:
                convert(known.name, known.function, known.signature, given["kwargs"])
            except TypeError as error:
                self.add_error("kwargs", str(error))
        return given

    def _declared(self, given: dict[str, Any]) -> DeclaredSchedule:
        columns = {name: given[name] for name in ("workflow", "kwargs", "overlap", "missed", "catch_up", "queue", "priority")}
        return DeclaredSchedule(timetable=self.timetable, **columns)

    @property
    def timetable(self) -> Timetable:
        """When it would come."""
        return Timetable(**{name: self.cleaned_data.get(name, self.instance.name) for name in TIMETABLE})

    def upcoming(self, now: datetime) -> list[str]:
        """Return the next ten times, on the clocks of its zone."""
        return shown_times(self.timetable, now)


def shown_times(table: Timetable, now: datetime) -> list[str]:
    """Return the next ten times on the clocks of the schedule's zone, with how far they are put off."""
    times = []
    for moment in table.following(now, 10):
        late = table.begins(moment) - moment
        put_off = f" + {timedelta(seconds=round(late.total_seconds()))}" if late else ""
        times.append(f"{moment.astimezone(table.zone):%a %Y-%m-%d %H:%M:%S %z}{put_off}")
    return times
