"""Whether a case came out as in the log: its end state, and the sequence of decisions in the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from demo_shop.models import Declaration
from demo_shop.replay.acts import EMPLOYEE, ENDS, NO_ACTS, STAGES, SUBMITTED, WITHDRAWN, activity_of
from demo_shop.replay.log import Case
from demo_shop.replay.playing import Play
from pgworkflows.models import ApprovalStage, History, Workflow

AT_ONCE = 1000
EVENTS: dict[str, str] = {History.Event.START: SUBMITTED, History.Event.RESUBMIT: SUBMITTED, History.Event.WITHDRAW: WITHDRAWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one case: its last state, and what the history says was done, by the words of the log."""

    case: Case
    state: str
    done: tuple[str, ...]
    forbidden: str

    @property
    def matches(self) -> bool:
        """Say whether it ended as in the log, after the same decisions."""
        expected = tuple(activity for activity in self.case.activities if activity not in NO_ACTS)
        return self.state == ENDS[self.case.activities[-1]] and self.done == expected


def judge(plays: Sequence[Play]) -> Iterator[Verdict]:
    """Read the end of every case from the database, some at once."""
    roles = _roles()
    for first in range(0, len(plays), AT_ONCE):
        some = plays[first : first + AT_ONCE]
        states = dict(Declaration.objects.filter(pk__in=[play.declaration.pk for play in some]).values_list("pk", "state"))
        done = _histories([play.declaration for play in some], roles)
        for play in some:
            key = play.declaration.pk
            yield Verdict(case=play.case, state=states[key], done=tuple(done[key]), forbidden=play.forbidden)


def _roles() -> dict[str, str]:
    """Return the role of each person, by the group that makes them one; whoever is in none is an employee."""
    role_of = {group: role for role, (_, group) in STAGES.items()}
    members = User.objects.filter(groups__name__in=role_of).values_list("username", "groups__name")
    return {username: role_of[group] for username, group in members if group in role_of}


def _histories(declarations: Sequence[Declaration], roles: dict[str, str]) -> dict[int, list[str]]:
    """Return for each declaration what the history says of it, oldest first, as lines of the log."""
    label = Declaration._meta.label_lower
    keys = {str(declaration.pk): declaration for declaration in declarations}
    subject_of: dict[Any, str] = dict(
        Workflow.objects.filter(subject_label=label, subject_id__in=keys).values_list("pk", "subject_id")
    )
    stage_of = dict(ApprovalStage.objects.values_list("pk", "name"))
    rows = History.objects.filter(workflow__in=subject_of, event__in=(*EVENTS, History.Event.DECIDE)).order_by("pk")
    found: dict[int, list[str]] = defaultdict(list)
    for workflow, event, actor, data in rows.values_list("workflow", "event", "actor", "data"):
        declaration = keys[subject_of[workflow]]
        if data is not None and event == History.Event.DECIDE:
            line = _decision(roles.get(actor, EMPLOYEE), stage_of[data["stage"]], data["verdict"])
        else:
            line = EVENTS[event] if actor == declaration.employee.username else f"by {actor}"
        found[declaration.pk].append(line)
    return found


def _decision(role: str, stage: str, verdict: str) -> str:
    """Return the log's line, or what is wrong: somebody decided in a stage that is not their role's."""
    if role not in STAGES or STAGES[role][0] != stage:
        return f"{role} decided in stage {stage}"
    return activity_of(role, verdict)
