"""On the page of any business row: its workflows and approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.forms import Media
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..models import Approval, Workflow
from ..presentation.waits import in_words
from ..values.redaction import Redactor
from .showing import EMPTY, Links, badge, linked
from .workflows.page import title_of

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:  # a mixin, and ModelAdmin cannot be subscripted at run time
    Base = object

#: Newest first; the others are a click away.
MOST = 20


class WorkflowsAdminMixin(Base):
    """Show the workflows and approvals of a row on its change page, each as far as the viewer may see it.

    `class OrderAdmin(WorkflowsAdminMixin, admin.ModelAdmin)`. They come as a fieldset of their own behind the others, whether
    the admin has `fields`, `fieldsets` or neither. The form takes nothing from it, and a page for adding shows nothing of it.
    """

    @property
    def media(self) -> Media:
        """Add the style sheet."""
        return super().media + Media(css={"all": ["pgworkflows/pgworkflows.css"]})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Remember for whom the row is shown."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found._pgworkflows_links = Links(self.admin_site, request)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Let nothing of it be written."""
        return [*super().get_readonly_fields(request, obj), "workflows_shown", "approvals_shown"]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Add the fieldset; Django has put its fields among the others."""
        own = ("workflows_shown", "approvals_shown")
        fieldsets = [
            (name, {**options, "fields": [field for field in options["fields"] if field not in own]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        if obj is None:
            return fieldsets
        shown = own if request.user.has_perm("pgworkflows.view_workflow") else own[1:]
        return [*fieldsets, (_("Workflows and approvals"), {"fields": shown})]

    @admin.display(description=_("workflows"))
    def workflows_shown(self, obj: Any) -> SafeString | str:
        """List its workflows, newest first."""
        links: Links = obj._pgworkflows_links
        found = Workflow.objects.using(conf().DATABASE).for_subject(obj).order_by("-pk")[: MOST + 1]
        rows = [
            (
                linked(links.to_row(Workflow, workflow.pk), title_of(workflow)),
                badge(workflow.status, workflow.get_status_display()),
                in_words(workflow) or Redactor.of_workflow(workflow).text(workflow.state),
            )
            for workflow in found
        ]
        subject = f"{obj._meta.label_lower}:{obj.pk}"
        every = links.to("pgworkflows_workflow_changelist")
        return _listed(rows, every and every + "?" + urlencode({"q": subject}))

    @admin.display(description=_("approvals"))
    def approvals_shown(self, obj: Any) -> SafeString | str:
        """List the approvals that the viewer may see, newest first."""
        links: Links = obj._pgworkflows_links
        visible = Approval.objects.using(conf().DATABASE).visible_to(links.request.user)
        rows = [
            (
                linked(links.to_row(Approval, approval.pk), Redactor.of_approval(approval).text(approval.title)),
                badge(approval.status, approval.get_status_display()),
                "",
            )
            for approval in visible.for_subject(obj).select_related("workflow").order_by("-pk")[: MOST + 1]
        ]
        return _listed(rows, links.to("pgworkflows_approval_changelist"))


def _listed(rows: list[tuple[Any, Any, str]], all_of_them: str) -> SafeString | str:
    if not rows:
        return EMPTY
    items = format_html_join("", "<li>{} {} {}</li>", rows[:MOST])
    more = format_html("<li>{}</li>", linked(all_of_them, _("all of them"))) if len(rows) > MOST else ""
    return format_html('<ul class="pgw-list">{}{}</ul>', items, more)
