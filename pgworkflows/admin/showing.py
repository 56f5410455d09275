"""Values as a person reads them, secrets hidden."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..models.waits import Wait
from ..presentation.links import in_admin, row_in_admin
from ..presentation.waits import Hide, sentence
from ..site.showing import TONES as APPROVAL_TONES
from ..values.durations import local
from ..values.plain import plain
from ..values.redaction import Redactor

LONGEST_JSON = 20_000
EMPTY = "-"

TONES = APPROVAL_TONES | {
    "COMPLETED": "good", "FAILED": "bad", "BLOCKED": "bad", "COMPENSATING": "odd", "COMPENSATED": "bad",
    "WAITING": "waits", "PENDING": "busy",
}  # fmt: skip


def tone(status: str) -> str:
    """Return the colour of a status, of workflows, tasks and approvals alike; never the only sign of it."""
    return TONES.get(status, "busy")


def badge(status: str, label: Any) -> SafeString:
    """Return a status as a coloured word."""
    return format_html('<span class="pgw-badge pgw-{}">{}</span>', tone(status), label)


def moment(at: datetime | None) -> str | SafeString:
    """Return a time in the viewer's time zone, to the second."""
    if at is None:
        return EMPTY
    shown = local(at)
    return format_html('<time datetime="{}">{}</time>', shown.isoformat(), f"{shown:%Y-%m-%d %H:%M:%S}")


def length(duration: timedelta) -> str:
    """Return how long something took, in its two largest units."""
    seconds = max(0.0, duration.total_seconds())
    if seconds < 1:
        return _("%(count)d ms") % {"count": round(seconds * 1000)}
    if seconds < 60:
        return _("%(count).1f s") % {"count": seconds}
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if minutes < 60:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds % 60}
    if hours < 24:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
    return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours % 24}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownError:
    """An error without its secrets."""

    type: str
    message: str
    traceback: str


def shown_json(value: Any, redactor: Redactor, *, tagged: bool = True) -> str:
    """Return a stored value as indented JSON, cut where it is very long; empty for none."""
    if value is None:
        return ""
    shown = json.dumps(redactor.data(plain(value) if tagged else value), ensure_ascii=False, indent=2)
    if len(shown) > LONGEST_JSON:
        shown = shown[:LONGEST_JSON] + "\n" + _("… cut here; it is %(count)d characters long.") % {"count": len(shown)}
    return shown


def shown_error(error: Any, redactor: Redactor) -> ShownError | None:
    """Return a recorded error's parts."""
    if not isinstance(error, dict):
        return None
    return ShownError(
        type=str(error.get("type", "")).removeprefix("builtins:").replace(":", "."),
        message=redactor.text(str(error.get("message", ""))),
        traceback=redactor.text(str(error.get("traceback") or "")),
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses in one admin site, for one viewer."""

    site: AdminSite
    request: HttpRequest

    def to(self, page: str, *arguments: Any) -> str:
        """Return the address of a page; empty where the site has none."""
        return in_admin(self.site, page, *arguments)

    def told(self, wait: Wait, hide: Hide) -> SafeString:
        """Return a wait in words, with the rows that it names as links where this viewer may see them."""
        pieces = (
            (linked(self.to_row(words.model, words.key) if words.model else "", words.text),) for words in sentence(wait, hide)
        )
        return format_html_join("", "{}", pieces)

    def to_row(self, model: type[Model] | None, key: Any) -> str:
        """Return the address of a row, in another site where this one has no page for it; empty where this viewer has none."""
        return row_in_admin(model, key, self.request, self.site)


def linked(address: str, text: Any) -> SafeString | str:
    """Return a link, or the text alone where there is no address."""
    return format_html('<a href="{}">{}</a>', address, text) if address else format_html("{}", text)
