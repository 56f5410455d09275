"""Blanking what the workflows and approvals of one business row hold of it; that they ran, and who decided, stays."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from ...exceptions import NotAllowed
from ...models.subject import labels_of
from ..connection import query
from .guards import amending, leave_word

SUBJECT = re.compile(r"(\w+\.\w+):(.+)", re.DOTALL)
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much was blanked."""

    workflows: int
    approvals: int


# With their children, which were given what the parents knew.
WORKFLOWS = """
WITH RECURSIVE found AS (
  SELECT id FROM pgworkflows_workflow WHERE subject_label = ANY (%(labels)s) AND subject_id = %(id)s
  UNION
  SELECT c.id FROM found f JOIN pgworkflows_workflow c ON c.parent_id = f.id
)
SELECT w.id, w.finished_at FROM pgworkflows_workflow w WHERE w.id IN (SELECT id FROM found) ORDER BY w.id FOR UPDATE
"""

# Another row's workflow may have asked for an approval of this one, and reads the answers while it runs.
APPROVALS = """
SELECT a.id, w.id, w.finished_at FROM pgworkflows_approval a JOIN pgworkflows_workflow w ON w.id = a.workflow_id
WHERE (a.subject_label = ANY (%(labels)s) AND a.subject_id = %(id)s) OR w.id = ANY (%(workflows)s::uuid[])
ORDER BY w.id, a.id FOR UPDATE
"""

ERROR = "CASE WHEN error IS NOT NULL THEN jsonb_build_object('type', error -> 'type', 'message', '', 'traceback', '') END"

BLANK = [
    f"""
UPDATE pgworkflows_workflow
SET kwargs = '{{}}', result = NULL, error = {ERROR}, attributes = '{{}}', waiting_for = '[]', subject_text = '',
  gate = NULL, fair = NULL, cancel_request = cancel_request - 'reason'
WHERE id = ANY (%(workflows)s::uuid[])
""",
    # Which child a task started, or what it undid, is no content; the name of an approval's task is its title.
    f"""
UPDATE pgworkflows_task
SET correlation = NULL, payload = NULL, result = NULL, error = {ERROR}, digest = NULL,
  name = CASE kind WHEN 'APPROVAL' THEN '(forgotten)' ELSE name END
WHERE workflow_id = ANY (%(workflows)s::uuid[])
""",
    "UPDATE pgworkflows_event SET payload = NULL WHERE workflow_id = ANY (%(workflows)s::uuid[])",
    """
UPDATE pgworkflows_request SET payload = NULL, answer = NULL, refusal = CASE WHEN refusal IS NOT NULL THEN '' END
WHERE workflow_id = ANY (%(workflows)s::uuid[])
""",
    """
UPDATE pgworkflows_approval
SET title = '(forgotten)', description = '', attributes = '{}', snapshot = NULL, snapshot_keys = NULL
WHERE id = ANY (%(approvals)s)
""",
    "UPDATE pgworkflows_decision SET comment = '', data = NULL WHERE approval_id = ANY (%(approvals)s)",
    "UPDATE pgworkflows_approvalaction SET note = '' WHERE approval_id = ANY (%(approvals)s)",
    # What the others with a task note is its kind, and the name of its step.
    """
UPDATE pgworkflows_history SET note = ''
WHERE workflow = ANY (%(workflows)s::uuid[]) AND (task IS NULL OR note LIKE 'APPROVAL %%') AND note <> ''
""",
    """
UPDATE pgworkflows_history SET note = ''
WHERE workflow = ANY (%(asking)s::uuid[]) AND approval = ANY (%(approvals)s) AND note <> ''
""",
]


def forget(subject: str) -> Forgotten:
    """Blank arguments, results, labels, snapshots, comments and notes of `app.model:pk`, and leave a history row for each.

    Raise NotAllowed while any of it is unfinished, where there is nothing, or for who does not own the tables.
    """
    match = SUBJECT.fullmatch(subject)
    if match is None:
        raise NotAllowed(f"{subject!r} is no subject. Give app_label.model:primary_key, as in shop.order:7.")
    address = {"labels": _labels(match[1].lower()), "id": match[2]}
    with amending("Forgetting"):
        workflows = query(WORKFLOWS, address)
        ids = [row[0] for row in workflows]
        approvals = query(APPROVALS, address | {"workflows": ids})
        if not workflows and not approvals:
            raise NotAllowed(f"No workflow and no approval has the subject {subject}.")
        _refuse_unfinished(subject, {row[-2] for row in (*workflows, *approvals) if row[-1] is None})
        found = {"workflows": ids, "approvals": [row[0] for row in approvals], "asking": [row[1] for row in approvals]}
        for statement in BLANK:
            query(statement, found)
        data = {"subject": subject, "approvals": found["approvals"]}
        leave_word("forget", note="", data=data, workflows=list({*ids, *found["asking"]}))
    return Forgotten(workflows=len(workflows), approvals=len(approvals))


def _labels(label: str) -> list[str]:
    try:
        return labels_of(apps.get_model(label))
    except (LookupError, ValueError):
        return [label]


def _refuse_unfinished(subject: str, unfinished: set[uuid.UUID]) -> None:
    """Raise NotAllowed naming some: what still runs needs what it knows."""
    if not unfinished:
        return
    some: Any = sorted(map(str, unfinished))[:SHOWN]
    more = f" and {len(unfinished) - SHOWN} more" if len(unfinished) > SHOWN else ""
    raise NotAllowed(
        f"{subject} cannot be forgotten while {len(unfinished)} of its workflows are unfinished: {', '.join(some)}{more}. "
        "Let them end, or cancel them with `manage.py workflows cancel`, and forget then."
    )
