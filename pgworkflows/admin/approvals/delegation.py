"""Delegations in the admin: everybody's own, as on the site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from ...models import Delegation
from ...site.faces import admin_face
from ...site.views import delegations
from .approval import OpenToStaff


@admin.register(Delegation)
class DelegationAdmin(OpenToStaff):
    """Who may log in here gives, sees and ends their own; `view_delegation` shows also who stands in for others."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the page."""
        return delegations.show(request, admin_face(self.admin_site))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page."""
        return HttpResponseRedirect(admin_face(self.admin_site).delegations)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the page."""
        return HttpResponseRedirect(admin_face(self.admin_site).delegations)
