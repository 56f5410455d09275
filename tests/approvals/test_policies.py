"""Stages that the database knows."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from pgworkflows import NotAllowed, approvers
from pgworkflows.models import Approval, ApprovalAction, ApprovalPolicy, History, StageCondition
from pgworkflows.store.approvals.policies import NotComparable, holds
from pgworkflows.store.approvals.rehearsal import rehearse

LARGE = {"conditions": [("total", "gt", "50")]}


def test_stages_are_asked_in_order(policy, ask, latest, people, purchase):
    policy(("bosses", {}), ("finance", LARGE))
    started = ask(purchase, policy="purchases")
    latest(started).approve(people.ann)
    second = latest(started)
    assert (second.stage.name, second.status, started.approvals.count()) == ("finance", "PENDING", 2)
    second.approve(people.cora, comment="paid")
    latest(started)
    outcome = started.wait(0)
    assert [d["stage"] for d in outcome.decisions] == ["bosses", "finance"]
    assert (outcome.approved, outcome.comment, outcome.snapshot_hash) == (True, "paid", second.snapshot_hash)


def test_conditions_leave_a_stage_out(policy, ask, latest, people, purchase):
    policy(("bosses", {}), ("finance", {"conditions": [("total", "gt", "100.00")]}))
    started = ask(purchase, policy="purchases")
    latest(started).approve(people.ann)
    latest(started)
    assert [d["stage"] for d in started.wait(0).decisions] == ["bosses"]


def test_attributes_of_the_request_count_too(policy, ask, purchase):
    policy(("bosses", {"conditions": [("country", "eq", "NL")]}), ("finance", {}))
    ask(purchase, policy="purchases", attributes={"country": "NL"})
    assert Approval.objects.get().stage.name == "bosses"


@pytest.mark.parametrize(
    ("given", "operator", "value", "result"),
    [
        ("9", "lt", "10", True),
        (Decimal("10.00"), "eq", "10", True),
        (1e3, "ge", "1000", True),
        ("2026-01-09", "lt", "2026-01-10", True),
        ("2026-01-09T23:00:00+00:00", "eq", "2026-01-09", True),
        ("b", "gt", "a", True),
        (True, "eq", "true", True),
        ("ten", "ne", "10", True),
        ("x", "le", "a", False),
    ],
)
def test_values_are_compared_by_kind(given, operator, value, result):
    condition = StageCondition(attribute="a", operator=operator, value=value)
    assert holds(condition, {"a": given}) is result


@pytest.mark.parametrize("attributes", [{}, {"a": None}, {"a": "ten"}])
def test_what_has_no_order_is_not_compared(attributes):
    with pytest.raises(NotComparable):
        holds(StageCondition(attribute="a", operator="gt", value="5"), attributes)


def test_missing_attribute_asks_the_fallback_group(policy, ask, people):
    policy(("bosses", LARGE))
    ask(policy="purchases")
    approval = Approval.objects.get()
    assert approval.could_decide == ["fay"]
    told = ApprovalAction.objects.get(approval=approval)
    assert (told.verb, told.note) == ("fall_back", "bosses: the request has no attribute 'total'")
    assert History.objects.filter(approval=approval.pk, event="fall_back").count() == 1


def test_one_false_condition_decides_beside_a_missing_one(policy, ask, purchase):
    unmet = ("total", "lt", "1")
    made = policy(("bosses", {"conditions": [("region", "eq", "EU"), unmet]}), ("finance", {}))
    ask(purchase, policy="purchases", by="eve")
    assert Approval.objects.get().stage.name == "finance"
    passed_over, asked = rehearse(made, subject=purchase, requester="eve", attributes={})
    assert passed_over.reason == "it does not hold that total is less than 1"
    assert asked.names == Approval.objects.get().could_decide


def test_resolver_finds_who_is_asked(policy, boss_of, ask):
    policy(("boss of", {}))
    ask(policy="purchases")
    assert Approval.objects.get().could_decide == ["ann"]


def test_resolver_that_finds_nobody_falls_back(policy, boss_of, ask):
    policy(("boss of", {}))
    ask(policy="purchases", by="ann")
    assert Approval.objects.get().could_decide == ["fay"]
    assert ApprovalAction.objects.get().note == "boss of: nobody was found"


def test_resolver_that_fails_falls_back(policy, people, ask):
    @approvers("broken")
    def broken(subject, requester):
        raise LookupError("no such office")

    policy(("broken", {}))
    ask(policy="purchases")
    assert "failed: LookupError('no such office')" in ApprovalAction.objects.get().note


def test_stage_may_be_skipped_on_record(policy, boss_of, ask, people, latest):
    policy(("boss of", {"skip_if_none": True}), ("finance", {}))
    started = ask(policy="purchases", by="ann")
    approval = Approval.objects.get()
    assert (approval.stage.name, approval.actions.get().verb) == ("finance", "skip_stage")
    approval.approve(people.cora)
    latest(started)
    assert started.wait(0).approved


def test_no_stage_at_all_asks_the_fallback_group(policy, ask, purchase):
    policy(("bosses", {"conditions": [("total", "lt", "1")]}))
    ask(purchase, policy="purchases")
    assert Approval.objects.get().could_decide == ["fay"]
    assert ApprovalAction.objects.get().note == "no stage opens"


def test_one_person_does_not_decide_two_stages(policy, ask, people, latest):
    Group.objects.get(name="finance").user_set.add(people.ann)
    policy(("bosses", {}), ("finance", {}))
    started = ask(policy="purchases")
    latest(started).approve(people.ann)
    second = latest(started)
    assert second.could_decide == ["cora", "dan"]
    with pytest.raises(NotAllowed, match="has decided in another stage of this request"):
        second.approve(people.ann)


def test_policy_may_let_one_person_decide_twice(policy, ask, people, latest):
    policy(("bosses", {}), ("bosses", {}), allow_same_person=True)
    started = ask(policy="purchases")
    for _ in range(2):
        latest(started).approve(people.ann)
    latest(started)
    assert started.wait(0).approved


@pytest.mark.parametrize(
    ("restart", "change", "asked"),
    [
        ("changed", False, "finance"),
        ("changed", True, "bosses"),
        ("always", False, "bosses"),
        ("stage", True, "finance"),
    ],
)
def test_next_round_begins_where_the_policy_says(policy, ask, people, latest, purchase, restart, change, asked):
    policy(("bosses", {}), ("finance", {}), restart=restart)
    started = ask(purchase, policy="purchases")
    latest(started).approve(people.ann)
    back = latest(started)
    back.request_changes(people.cora, comment="what for?")
    if change:
        type(purchase).objects.update(total=90)
    back.resubmit(people.eve, "")
    again = latest(started)
    assert (again.stage.name, again.round) == (asked, 2)


def test_change_between_stages_asks_all_again(policy, ask, people, latest, purchase):
    policy(("bosses", {}), ("finance", {}))
    started = ask(purchase, policy="purchases")
    latest(started).approve(people.ann)
    type(purchase).objects.update(total=90)
    again = latest(started)
    assert (again.stage.name, again.round, again.actions.get().verb) == ("bosses", 2, "start_over")


def test_request_stays_with_its_version(policy, ask, people, latest):
    first = policy(("bosses", {}), ("finance", {}))
    started = ask(policy="purchases")
    people.fay.user_permissions.add(Permission.objects.get(codename="change_approvalpolicy"))
    draft = first.new_draft(User.objects.get(username="fay"))
    draft.stages.get(position=2).delete()
    draft.publish(User.objects.get(username="gus"))
    latest(started).approve(people.ann)
    assert latest(started).stage.name == "finance"
    first.refresh_from_db()
    assert (first.status, draft.version, draft.status) == ("RETIRED", 2, "PUBLISHED")


def test_no_editor_publishes_a_draft(draft, people):
    made = draft(("bosses", {}))
    for editor in (people.gus, people.ann):
        made.edited(editor)
        made.save()
    allowed = {name: User.objects.create_superuser(name) for name in ("root", "boss")}
    made.edited(allowed["root"])
    made.edited(people.fay)
    made.save()
    with pytest.raises(NotAllowed, match="cannot be published by root, who edited it: another person must"):
        made.publish(allowed["root"])
    allowed["root"].delete()
    with pytest.raises(NotAllowed, match="cannot be published by root, who edited it"):
        made.publish(User.objects.create_superuser("root"))
    by_sql = ApprovalPolicy.objects.filter(pk=made.pk)
    with pytest.raises(DatabaseError, match="cannot be published by ann, who edited it"), transaction.atomic():
        by_sql.update(status="PUBLISHED", published_by_name="ann")
    made.publish(allowed["boss"])
    assert made.status == "PUBLISHED"


def test_publishing_needs_another_person_and_the_right(draft, people):
    made = draft(("bosses", {}), edited_by_name="gus")
    with pytest.raises(NotAllowed, match="needs the permission publish_policy"):
        made.publish(people.gus)
    people.gus.user_permissions.add(Permission.objects.get(codename="publish_policy"))
    with pytest.raises(NotAllowed, match="cannot be published by gus, who edited it last: another person must"):
        made.publish(User.objects.get(username="gus"))
    ApprovalPolicy.objects.update(edited_by_name="root")
    with pytest.raises(NotAllowed, match="cannot be published by root, who edited it last"):
        made.publish(User.objects.create_superuser("root"))


def test_publishing_leaves_history(policy, people):
    made = policy(("bosses", {}))
    row = History.objects.get(event="publish_policy")
    assert (row.actor, row.note, row.from_status, row.to_status) == ("gus", "purchases v1", "DRAFT", "PUBLISHED")
    assert row.data == {"policy": made.pk, "edited_by": "fay", "published_by": "gus"}


def test_bad_drafts_are_not_published(draft, people):
    people.gus.user_permissions.add(Permission.objects.get(codename="publish_policy"))
    made = draft(("", {}), ("oracle", {"on_timeout": "escalate"}), edited_by_name="fay")
    with pytest.raises(ValidationError) as refused:
        made.publish(User.objects.get(username="gus"))
    assert [message.split(":")[0].split(",")[0] for message in refused.value.messages] == [
        "Stage nobody asks nobody",
        "Stage oracle names the resolver 'oracle'",
        "Stage oracle escalates to nobody.",
        "Stage oracle says what happens after its time limit",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: ApprovalPolicy.objects.filter(pk=p.pk).update(name="other"),
        lambda p: ApprovalPolicy.objects.filter(pk=p.pk).delete(),
        lambda p: p.stages.update(quorum=2),
        lambda p: p.stages.create(position=9, name="more"),
        lambda p: p.stages.get().conditions.create(attribute="a", operator="eq", value="b"),
        lambda p: p.stages.get().groups.add(Group.objects.get(name="finance")),
        lambda p: ApprovalPolicy.objects.filter(pk=p.pk).update(status="DRAFT"),
    ],
)
def test_published_versions_never_change(policy, change):
    made = policy(("bosses", {}))
    with pytest.raises(DatabaseError, match=r"cannot be changed|cannot go from PUBLISHED to DRAFT"), transaction.atomic():
        change(made)


def test_people_can_go_from_published_versions(policy, ask, people):
    made = policy(("bosses", {}))
    Group.objects.get(name="bosses").delete()
    people.gus.delete()
    made.refresh_from_db()
    assert (made.published_by, made.published_by_name) == (None, "gus")
    ask(policy="purchases")
    assert Approval.objects.get().could_decide == ["fay"]


def test_unknown_policy_names_the_known(policy, ask):
    policy(("bosses", {}))
    started = ask(policy="orders")
    assert started.error["message"] == "request_approval(policy='orders'): no such policy is published. Published are: purchases."
