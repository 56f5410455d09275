"""Values as a person reads them: nested data as tables, a due date as a badge, a business row as a link."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..models import Approval
from ..models.subject import name_of_row
from ..presentation.links import row_in_admin
from ..store.approvals.snapshots import find_subject, text_of
from ..values.redaction import Redactor
from .faces import Face

#: Deeper data is shown as JSON text.
DEEPEST = 6
SOON = timedelta(days=1)

TONES = {
    "APPROVED": "good", "REJECTED": "bad", "EXPIRED": "bad", "PENDING": "waits",
    "CHANGES_REQUESTED": "odd", "WITHDRAWN": "odd", "CANCELLED": "odd",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A value for the template: text, or named values, or a list, or a table."""

    kind: str
    text: str = ""
    names: tuple[str, ...] = ()
    items: tuple[Any, ...] = ()


NOTHING = Shown(kind="nothing")


def shown(value: Any, redactor: Redactor) -> Shown:
    """Return plain JSON for display, secrets hidden."""
    return _shown(redactor.data(value), 0)


def _shown(value: Any, depth: int) -> Shown:
    if value in (None, "", [], {}):
        return NOTHING
    if depth > DEEPEST and isinstance(value, dict | list):
        return Shown(kind="text", text=json.dumps(value, ensure_ascii=False))
    if isinstance(value, dict):
        named = tuple((_label(name), _shown(item, depth + 1)) for name, item in value.items())
        return Shown(kind="named", items=named)
    if isinstance(value, list):
        return _table(value, depth) or Shown(kind="list", items=tuple(_shown(item, depth + 1) for item in value))
    if isinstance(value, bool):
        return Shown(kind="text", text=_("yes") if value else _("no"))
    return Shown(kind="number" if isinstance(value, int | float) else "text", text=str(value))


def _table(rows: list[Any], depth: int) -> Shown | None:
    """Return rows of the same columns as a table; None where they have none in common."""
    if not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        return None
    lines = tuple(tuple(_shown(item, depth + 1) for item in row.values()) for row in rows)
    return Shown(kind="table", names=tuple(_label(name) for name in rows[0]), items=lines)


def _label(name: str) -> str:
    return str(name).replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A coloured word; the colour never says more than the word."""

    tone: str
    text: str


def status_badge(approval: Approval) -> Badge:
    """Return how an approval stands."""
    return Badge(tone=TONES[approval.status], text=approval.get_status_display())


def due_badge(approval: Approval, now: datetime) -> Badge | None:
    """Return whether it is overdue, or nearly; None where there is time, or nothing to decide."""
    if approval.status != Approval.Status.PENDING or approval.due_at is None:
        return None
    if approval.due_at <= now:
        return Badge(tone="bad", text=_("overdue"))
    return Badge(tone="odd", text=_("due soon")) if approval.due_at - now < SOON else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLink:
    """What an approval is about; `url` is empty where the viewer cannot follow it."""

    text: str
    url: str


def subject_of(approval: Approval, request: HttpRequest, face: Face) -> SubjectLink | None:
    """Return the business row: its admin page where the viewer may see that, else its own page if it has one."""
    if not approval.subject_label:
        return None
    row, hide = find_subject(approval.subject_label, approval.subject_id), Redactor.of_approval(approval).text
    if row is None:
        return SubjectLink(text=hide(subject_text(approval)), url="")
    in_admin = row_in_admin(type(row), row.pk, request, face.admin, row)
    return SubjectLink(text=hide(text_of(row)), url=in_admin or _own_page(row))


def _own_page(row: Model) -> str:
    """Return where the row says that its page is; nothing that a browser would run."""
    own = getattr(row, "get_absolute_url", None)
    address = str(own()) if own is not None else ""
    return address if urlsplit(address).scheme in ("", "http", "https") else ""


def subject_text(approval: Approval) -> str:
    """Return what names the business row; the row is not read."""
    asking, about = approval.workflow, (approval.subject_label, approval.subject_id)
    if (asking.subject_label, asking.subject_id) == about:
        return asking.subject_shown
    return name_of_row(*about)
