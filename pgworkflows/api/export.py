"""Approvals and their decisions as CSV, a page of rows in memory at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from ..models import Approval, Decision
from ..values.redaction import Redactor

PAGE = 500
COLUMNS = (
    "approval", "workflow", "kind", "title", "status", "policy", "policy_version", "stage", "round", "quorum", "subject",
    "requested_by", "requested_at", "due_at", "decided_at", "seconds_to_decide", "could_decide", "snapshot_hash",
    "decision", "verdict", "by", "on_behalf_of", "comment", "channel", "at", "seconds_to_answer",
)  # fmt: skip
#: What a spreadsheet takes for a formula, behind blanks too, and as East Asian keyboards write it.
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def rows_of(found: QuerySet[Approval]) -> Iterator[str]:
    """Yield the lines, headings first."""
    write = csv.writer(_Line()).writerow
    yield write(COLUMNS)
    for approval in _by_pages(found):
        redactor = Redactor.of_approval(approval)
        known = _approval(approval, redactor)
        for decision in approval.decisions.all() or [None]:
            yield write([_inert(cell) for cell in chain(known, _decision(approval, decision, redactor))])


def _by_pages(found: QuerySet[Approval]) -> Iterator[Approval]:
    """Yield rows in the order of their ids; a server-side cursor would not pass a pooler."""
    shown = found.select_related("policy", "stage", "workflow").defer("workflow__error", "workflow__result")
    pages, last = shown.prefetch_related("decisions").order_by("id"), 0
    while page := list(pages.filter(id__gt=last)[:PAGE]):
        yield from page
        last = page[-1].pk


def _approval(approval: Approval, redactor: Redactor) -> tuple[Any, ...]:
    policy = (approval.policy.name, approval.policy.version) if approval.policy else ("", "")
    subject = f"{approval.subject_label}:{approval.subject_id}" if approval.subject_label else ""
    return (
        approval.pk, approval.workflow_id, approval.kind, redactor.text(approval.title), approval.status, *policy,
        approval.stage.name if approval.stage else "", approval.round, approval.quorum, subject, approval.requested_by_name,
        _moment(approval.created_at), _moment(approval.due_at), _moment(approval.decided_at),
        _seconds(approval.created_at, approval.decided_at), " ".join(approval.could_decide), approval.snapshot_hash,
    )  # fmt: skip


def _decision(approval: Approval, decision: Decision | None, redactor: Redactor) -> tuple[Any, ...]:
    if decision is None:
        return ("",) * 8
    return (
        decision.pk, decision.verdict, decision.username, decision.on_behalf_of_name, redactor.text(decision.comment),
        decision.channel, _moment(decision.at), _seconds(approval.created_at, decision.at),
    )  # fmt: skip


def _moment(at: Any) -> str:
    return at.isoformat() if at else ""


def _seconds(begin: Any, end: Any) -> Any:
    return round((end - begin).total_seconds(), 3) if end else ""


def _inert(cell: Any) -> Any:
    """Keep text from being run as a formula by the spreadsheet that opens it."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell
