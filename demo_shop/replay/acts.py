"""What each line of the log is in this shop: an act of one person, done by a verb.

An approver's rejection is request-changes, since the declaration goes back to its employee, who submits it again or takes
it back ("REJECTED by EMPLOYEE"); where nobody does anything any more it is final. "MISSING" is the payment office, which
also handles payments; "Request Payment" is the system's own message to it, and no decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from demo_shop.models.declaration import DeclarationRoute as Route
from demo_shop.models.declaration import DeclarationState as State

EMPLOYEE = "EMPLOYEE"
PAYMENT_OFFICE = "MISSING"
SAVED = "Declaration SAVED by EMPLOYEE"
SUBMITTED = "Declaration SUBMITTED by EMPLOYEE"
WITHDRAWN = "Declaration REJECTED by EMPLOYEE"
PAYMENT_HANDLED = "Payment Handled"
NO_ACTS = (SAVED, "Request Payment")

#: By the last thing that was done.
ENDS = {
    PAYMENT_HANDLED: State.PAID,
    WITHDRAWN: State.WITHDRAWN,
    f"Declaration REJECTED by {PAYMENT_OFFICE}": State.REJECTED,
    SAVED: State.SAVED,
}

#: The policy's stage that a role decides in, and the group that is asked there.
STAGES = {
    "PRE_APPROVER": ("pre-approver", "pre-approvers"),
    "ADMINISTRATION": ("administration", "administration"),
    "BUDGET OWNER": ("budget owner", "budget owners"),
    "SUPERVISOR": ("supervisor", "supervisors"),
    PAYMENT_OFFICE: ("payment office", "payment office"),
}


class Deed(StrEnum):
    """The verb."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    SEND_BACK = "request_changes"
    REFUSE = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody of a role does next; `route` is what a submission says about whom it asks."""

    activity: str
    role: str
    deed: Deed
    route: Route | None = None


def acts_of(activities: Sequence[str]) -> list[Act]:
    """Return what people do, in order. Raises ValueError for a line that means nothing here."""
    return list(_acts([activity for activity in activities if activity not in NO_ACTS]))


def _acts(done: list[str]) -> Iterator[Act]:
    route = Route.DIRECT
    for position, activity in enumerate(done):
        role = role_of(activity)
        if activity == SUBMITTED:
            route = _route(done[position + 1 :], route)
            yield Act(activity=activity, role=role, deed=Deed.SUBMIT, route=route)
        elif activity == WITHDRAWN:
            yield Act(activity=activity, role=role, deed=Deed.WITHDRAW)
        elif "REJECTED" not in activity:
            yield Act(activity=activity, role=role, deed=Deed.APPROVE)
        else:
            last = position == len(done) - 1
            yield Act(activity=activity, role=role, deed=Deed.REFUSE if last else Deed.SEND_BACK)


def role_of(activity: str) -> str:
    """Return who does it. Raises ValueError."""
    role = PAYMENT_OFFICE if activity == PAYMENT_HANDLED else activity.partition(" by ")[2]
    if role != EMPLOYEE and role not in STAGES:
        raise ValueError(f"{activity!r} is nothing that an expense declaration knows.")
    return role


def _route(following: list[str], before: Route) -> Route:
    """Return the route of a submission, as far as it shows; what was taken back at once keeps the one before."""
    roles: set[str] = set()
    for activity in following:
        if activity == SUBMITTED:
            break
        roles.add(role_of(activity))
    if not roles - {EMPLOYEE}:
        return before
    if "BUDGET OWNER" in roles:
        return Route.BUDGET
    if "ADMINISTRATION" in roles:
        return Route.ADMINISTRATION
    return Route.PRE_APPROVAL if "PRE_APPROVER" in roles else Route.DIRECT


def activity_of(role: str, verdict: str) -> str:
    """Return the log's words for a decision."""
    if verdict != "approve":
        return f"Declaration REJECTED by {role}"
    if role == PAYMENT_OFFICE:
        return PAYMENT_HANDLED
    return f"Declaration {'FINAL_' if role == 'SUPERVISOR' else ''}APPROVED by {role}"
