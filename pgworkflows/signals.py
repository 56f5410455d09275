"""What the engine tells the project, after the commit, through `send_robust`.

The engine's bulk SQL passes django-fsm's signals by; these are the hook instead.
A receiver runs at most once: it is lost when the process dies between the commit and the call.
"""

from __future__ import annotations

from django.dispatch import Signal

#: A workflow's status changed. Arguments: workflow (UUID), name, from_status, to_status, error (str), failure (where it is
#: FAILED, BLOCKED or COMPENSATED; else None). Its attributes: exception, error_type, traceback, expected, step, attempts,
#: version, queue, key. redactor (redaction.Redactor): its `text()` hides what PGWORKFLOWS["REDACT"] names.
workflow_changed = Signal()
#: An attempt of a step failed. Arguments: workflow (UUID), name, step, attempt, error (str), final (bool), redactor.
step_failed = Signal()
#: A worker process began or ended. Arguments: worker (str), started (bool).
worker_changed = Signal()
#: A start gave back a run that has ended, since its key was taken. Arguments: name, workflow (UUID), key, status.
ended_run_returned = Signal()
#: A worker knows another body than unfinished runs began with. Arguments: name, version, unfinished (int).
definition_changed = Signal()
#: People are asked, or more people are. Sent, like the next three, by an outside step: at least once. Arguments: approval
#: (the Approval), recipients (users).
approval_requested = Signal()
#: People are reminded. Arguments: approval, recipients.
approval_reminded = Signal()
#: A request is approved, rejected, withdrawn, or back with its requester. Arguments: approval, recipients.
approval_decided = Signal()
#: Nobody decided in time. Arguments: approval, recipients.
approval_expired = Signal()

#: By what happened.
APPROVAL_SIGNALS = {
    "requested": approval_requested,
    "reminder": approval_reminded,
    "decided": approval_decided,
    "expired": approval_expired,
}
