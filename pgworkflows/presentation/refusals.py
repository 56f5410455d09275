"""What a refusal of the library is in HTTP, on pages and over REST alike."""

from __future__ import annotations

from ..exceptions import (
    AlreadyDecided,
    ApprovalExpired,
    KeyConflict,
    NotAllowed,
    NotStorable,
    PGWorkflowsError,
    RequestRefused,
    SubjectChanged,
    WorkflowFinished,
    WorkflowNotFound,
)

#: The status, and the end of its problem's URN (RFC 9457). An approval that expired is still there to be read: 410 is for links.
_REFUSALS: dict[type[PGWorkflowsError], tuple[int, str]] = {
    NotAllowed: (403, "not-allowed"),
    WorkflowNotFound: (404, "workflow-not-found"),
    AlreadyDecided: (409, "already-decided"),
    ApprovalExpired: (409, "approval-expired"),
    KeyConflict: (409, "key-conflict"),
    SubjectChanged: (409, "subject-changed"),
    WorkflowFinished: (409, "workflow-finished"),
    NotStorable: (422, "not-storable"),
    RequestRefused: (422, "request-refused"),
}


def refusal_in_http(error: PGWorkflowsError) -> tuple[int, str]:
    """Return the status and the problem's name; a conflict for all that is not listed."""
    return next((_REFUSALS[kind] for kind in type(error).__mro__ if kind in _REFUSALS), (409, "conflict"))
