"""The two places where the pages are shown, the site and the admin: what differs between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from ..presentation.links import in_admin

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

#: Where the admin's own names differ.
ADMIN_PAGES = {
    "list": "pgworkflows_approval_changelist",
    "page": "pgworkflows_approval_change",
    "delegations": "pgworkflows_delegation_changelist",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Names, frame and channel of one place; `admin` is None for the site."""

    channel: str
    base: str
    admin: AdminSite | None = None

    def to(self, page: str, *arguments: Any) -> str:
        """Return the address of one of the pages; empty where this admin site does not have it."""
        if self.admin is None:
            return reverse(f"pgworkflows_site:{page}", args=arguments)
        return in_admin(self.admin, ADMIN_PAGES.get(page, f"pgworkflows_approval_{page}"), *arguments)

    @property
    def home(self) -> str:
        """The address of what waits for the viewer."""
        return self.to("list")

    @property
    def delegations(self) -> str:
        """The address of the viewer's delegations."""
        return self.to("delegations")

    def render(self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Show a page inside the frame."""
        frame = self.admin.each_context(request) if self.admin is not None else {}
        shared = {"face": self, "base": self.base, "navigation": self.navigation(context.get("here", ""))}
        return TemplateResponse(request, f"pgworkflows/{template}", {**frame, **shared, **context}, status=status)

    def navigation(self, here: str) -> list[dict[str, Any]]:
        """Return the pages that are always within reach."""
        pages = [
            ("todo", _("To decide"), self.to("list")),
            ("requests", _("My requests"), self.to("requests")),
            ("decided", _("Decided by me"), self.to("decided")),
            ("all", _("All that I may see"), self.to("all")),
            ("delegations", _("Delegations"), self.to("delegations")),
        ]
        return [{"label": label, "url": url, "current": name == here} for name, label, url in pages if url]


SITE = Face(channel="site", base="pgworkflows/base.html")


def admin_face(site: AdminSite) -> Face:
    """Return the pages' face inside an admin site."""
    return Face(channel="admin", base="admin/pgworkflows/approval/base.html", admin=site)
