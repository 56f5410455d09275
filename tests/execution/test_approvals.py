"""Asking people, the minimum."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User

from pgworkflows import (
    AlreadyDecided,
    ApprovalExpired,
    NotAllowed,
    WorkflowFailed,
    request_approval,
    wait_for_event,
    workflow,
)
from pgworkflows.models import Approval


@pytest.fixture
def people(db):
    """Make three managers."""
    managers = Group.objects.create(name="managers")
    made = {name: User.objects.create_user(name) for name in ("ann", "bob", "eve")}
    managers.user_set.add(*made.values())
    return made


@pytest.fixture
def ask(people):
    """Declare a workflow that asks the managers and returns how it ended."""

    @workflow(name="tests.ask")
    def ask(quorum: int = 1, on_timeout: str = "expire") -> list[object]:
        outcome = request_approval("Buy it", groups=["managers"], quorum=quorum, timeout=3600, on_timeout=on_timeout)
        return [outcome.status, outcome.approved, outcome.comment, [d["username"] for d in outcome.decisions]]

    return ask


def begin(pgworkflows, workflow, **arguments):
    """Start it and run it up to its question."""
    started = workflow.start(**arguments)
    pgworkflows.run_workflows()
    return started, Approval.objects.get()


def test_quorum_of_two_approves(pgworkflows, ask, people):
    started, approval = begin(pgworkflows, ask, quorum=2)
    approval.approve(people["ann"])
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, approval.status) == ("WAITING", "PENDING")
    approval.approve(people["bob"], comment="fine")
    pgworkflows.run_workflows()
    assert started.wait(0) == ["APPROVED", True, "fine", ["ann", "bob"]]


def test_words_of_an_outcome_are_plain_text_at_first_and_at_replay(pgworkflows, people):
    """Enums would compare alike and print, sort and store otherwise."""
    seen = []

    def kinds(value):
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return {type(value)} | {kind for item in items for kind in kinds(item)}

    @workflow(name="tests.looks_twice")
    def body() -> str:
        outcome = request_approval("Buy it", users=["ann"])
        failing = failed.start()
        try:
            failing.result()
        except WorkflowFailed as error:
            seen.append([*map(kinds, (outcome.status, outcome.decisions, error.status))])
        wait_for_event("go")
        return outcome.status

    @workflow(name="tests.fails")
    def failed() -> None:
        raise ValueError("no")

    run, approval = begin(pgworkflows, body)
    approval.reject(people["ann"], comment="no")
    pgworkflows.run_workflows()
    run.send_event("go")
    pgworkflows.run_workflows()
    first, *replays = seen
    assert replays == [first] * len(replays) != []
    assert first[0] == first[2] == {str}
    assert first[1] == {list, dict, str, int, datetime, type(None)}
    assert type(run.wait(0)) is type(run.status) is type(approval.status) is str


def test_one_no_rejects(pgworkflows, ask, people):
    started, approval = begin(pgworkflows, ask, quorum=2)
    approval.reject(people["eve"], comment="too dear")
    pgworkflows.run_workflows()
    assert started.wait(0) == ["REJECTED", False, "too dear", ["eve"]]


def test_requester_cannot_decide(pgworkflows, ask, people):
    _, approval = begin(pgworkflows, ask.using(requested_by=people["ann"]))
    with pytest.raises(NotAllowed) as error:
        approval.approve(people["ann"])
    told = f"Approval {approval.pk} cannot be decided by ann: who asked cannot decide; another person must."
    assert str(error.value) == told


def test_deciding_twice_is_refused(pgworkflows, ask, people):
    _, approval = begin(pgworkflows, ask, quorum=2)
    approval.approve(people["ann"])
    with pytest.raises(NotAllowed, match="this person has decided before"):
        approval.approve(people["ann"])
    approval.approve(people["bob"])
    with pytest.raises(AlreadyDecided) as error:
        approval.approve(people["eve"])
    assert str(error.value) == f"Approval {approval.pk} is already APPROVED; nothing was changed."


def test_strangers_cannot_decide(pgworkflows, ask):
    _, approval = begin(pgworkflows, ask)
    with pytest.raises(NotAllowed, match="only the users and groups that it names can decide"):
        approval.approve(User.objects.create_user("mallory"))


def test_no_needs_a_reason(pgworkflows, ask, people):
    _, approval = begin(pgworkflows, ask)
    with pytest.raises(NotAllowed, match="cannot be rejected without a comment"):
        approval.reject(people["ann"], comment=" ")


@pytest.mark.parametrize(("on_timeout", "status"), [("expire", "EXPIRED"), ("reject", "REJECTED")])
def test_nobody_decides_in_time(pgworkflows, ask, people, on_timeout, status):
    started, approval = begin(pgworkflows, ask, on_timeout=on_timeout)
    pgworkflows.move_clock(timedelta(hours=2))
    with pytest.raises(ApprovalExpired):
        approval.approve(people["ann"])
    pgworkflows.run_workflows()
    assert started.wait(0) == [status, False, "", []]
    approval.refresh_from_db()
    assert approval.status == "EXPIRED"


def test_unknown_group_fails_until_it_exists(pgworkflows, ask, people):
    Group.objects.filter(name="managers").update(name="bosses")
    started = ask.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"
    assert started.error["message"] == "request_approval() names group 'managers', which does not exist."
    Group.objects.filter(name="bosses").update(name="managers")
    started.retry()
    pgworkflows.run_workflows()
    Approval.objects.get().approve(people["bob"])
    pgworkflows.run_workflows()
    assert started.wait(0)[0] == "APPROVED"


def test_cancel_asks_nobody_any_more(pgworkflows, ask, people):
    started, approval = begin(pgworkflows, ask)
    started.cancel("gone")
    with pytest.raises(AlreadyDecided):
        approval.approve(people["ann"])


def test_references_name_people_and_subject(pgworkflows, people):
    @workflow
    def body(boss: User, about: Group) -> str:
        return request_approval("x", users=[boss], subject=about, requested_by=boss, allow_self_approval=True).status

    group = Group.objects.get(name="managers")
    body.start(people["ann"], group)
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    assert (approval.subject_label, approval.subject_id) == ("auth.group", str(group.pk))
    assert (approval.requested_by, approval.requested_by_name) == (people["ann"], "ann")
