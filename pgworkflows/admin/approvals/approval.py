"""Approvals in the admin: the site's own pages in the admin's frame, so that both decide alike."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _

from ...models import Approval
from ...site.faces import admin_face
from ...site.urls import pages_of
from ...site.views import approval, lists
from ..listing import ReadOnlyAdmin


class OpenToStaff(ReadOnlyAdmin):
    """Lets everybody in who may log in here: the pages hold what they may see, and nothing is edited."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let them in."""
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it among the app's pages."""
        return True


@admin.register(Approval)
class ApprovalAdmin(OpenToStaff):
    """What waits for the viewer; what they may see and do of it is up to each approval."""

    def get_urls(self) -> list[URLPattern]:
        """Put the site's addresses before Django's."""
        face = admin_face(self.admin_site)
        return [*pages_of(face, self.admin_site.admin_view, "pgworkflows_approval_"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """List what waits for the viewer."""
        return lists.to_decide(request, admin_face(self.admin_site))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one approval."""
        if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
            raise Http404(_("There is no such approval among those that you may see."))
        return approval.show(request, admin_face(self.admin_site), int(object_id))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the page itself: it tells the whole history."""
        return self.change_view(request, object_id)


# Says how much waits for whom on the admin's first page, unless the project has one of its own.
admin.site.index_template = admin.site.index_template or "admin/pgworkflows/index.html"
