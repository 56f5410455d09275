"""Who may decide, and who never may."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from pgworkflows import NotAllowed
from pgworkflows.models import Approval, Decision, Delegation, History
from pgworkflows.site.lists import waiting_for
from pgworkflows.store.approvals.decisions import principals, refusal, who_may_decide


@pytest.fixture
def delegate(people):
    """Let somebody stand in for somebody, from yesterday until tomorrow unless said otherwise."""

    def delegate(delegator, to, *, starts=-1, ends=1, **rest):
        now, day = timezone.now(), timedelta(days=1)
        return Delegation.objects.create(
            delegator=delegator, delegate=to, starts_at=now + starts * day, ends_at=now + ends * day, **rest
        )

    return delegate


def asked(ask, **options) -> Approval:
    ask(**({"groups": ["bosses"]} | options))
    return Approval.objects.get()


def test_too_few_people_are_refused_at_the_request(ask):
    started = ask(groups=["bosses"], quorum=3)
    assert started.status == "FAILED"
    assert started.error["message"] == (
        "'Buy it' needs 3 to agree, but only 2 could decide: ann, bob. Ask more people, or lower the quorum."
    )


def test_requester_does_not_count_for_the_quorum(ask):
    assert "only 1 could decide: bob" in ask(groups=["bosses"], by="ann", quorum=2).error["message"]


def test_delegate_decides_on_behalf(ask, people, delegate):
    delegate(people.ann, people.gus)
    approval = asked(ask)
    assert list(Approval.objects.pending().for_user(people.gus)) == [approval]
    approval.approve(people.gus, comment="in her name")
    decision = Decision.objects.get()
    assert (decision.user, decision.on_behalf_of, decision.on_behalf_of_name) == (people.gus, people.ann, "ann")
    row = History.objects.get(event="decide")
    assert (row.actor, row.data["on_behalf_of"], row.note) == ("gus", "ann", "in her name")


@pytest.mark.parametrize("when", [{"starts": 1, "ends": 2}, {"starts": -2, "ends": -1}, {"kinds": ["something else"]}])
def test_delegation_holds_for_its_time_and_kinds(ask, people, delegate, when):
    delegate(people.ann, people.gus, **when)
    approval = asked(ask)
    assert not Approval.objects.for_user(people.gus).exists()
    with pytest.raises(NotAllowed, match="only the users and groups that it names can decide"):
        approval.approve(people.gus)


def test_delegate_of_a_delegate_cannot(ask, people, delegate):
    delegate(people.ann, people.gus)
    delegate(people.gus, people.fay)
    approval = asked(ask)
    for whom in (None, people.gus, people.ann):
        with pytest.raises(NotAllowed):
            approval.approve(people.fay, on_behalf_of=whom)


def test_delegates_of_the_requester_cannot(ask, people, delegate):
    delegate(people.ann, people.gus)
    approval = asked(ask, by="ann")
    with pytest.raises(NotAllowed, match="who asked cannot decide"):
        approval.approve(people.gus)


def test_requester_cannot_stand_in_for_others(ask, people, delegate):
    delegate(people.ann, people.eve)
    with pytest.raises(NotAllowed, match="who asked cannot decide"):
        asked(ask).approve(people.eve)


def test_one_principal_counts_once(ask, people, delegate):
    delegate(people.ann, people.gus)
    delegate(people.ann, people.fay)
    approval = asked(ask, quorum=2)
    approval.approve(people.gus)
    for who in (people.fay, people.ann):
        with pytest.raises(NotAllowed, match="this person has decided before"):
            approval.approve(who)
    approval.approve(people.bob)
    assert approval.status == "APPROVED"


def test_who_stands_in_for_two_says_for_whom(ask, people, delegate):
    delegate(people.ann, people.gus)
    delegate(people.bob, people.gus)
    approval = asked(ask)
    assert principals(approval, people.gus) == ["ann", "bob"]
    with pytest.raises(NotAllowed, match="stands in for several people; say on whose behalf"):
        approval.approve(people.gus)
    approval.approve(people.gus, on_behalf_of="bob")
    assert Decision.objects.get().on_behalf_of == people.bob


def test_delegate_decides_once(ask, people, delegate):
    delegate(people.ann, people.gus)
    delegate(people.bob, people.gus)
    approval = asked(ask, quorum=2)
    approval.approve(people.gus, on_behalf_of="ann")
    with pytest.raises(NotAllowed, match="this person has decided before"):
        approval.approve(people.gus, on_behalf_of="bob")


def test_superuser_is_no_exception(ask, people):
    approval = asked(ask)
    root = User.objects.create_superuser("root")
    with pytest.raises(NotAllowed, match="only the users and groups that it names can decide"):
        approval.approve(root)
    assert not Approval.objects.for_user(root).exists()
    assert list(Approval.objects.visible_to(root)) == [approval]


def test_inactive_people_cannot(ask, people, delegate):
    delegate(people.ann, people.gus)
    approval = asked(ask)
    User.objects.filter(username__in=["ann"]).update(is_active=False)
    for who in (people.ann, people.gus):
        with pytest.raises(NotAllowed):
            approval.approve(who)
    assert who_may_decide(approval) == ["bob"]


def test_deleted_people_stay_readable(ask, people):
    approval = asked(ask, quorum=2)
    approval.approve(people.ann, comment="fine")
    people.ann.delete()
    decision = Decision.objects.get()
    assert (decision.user, decision.username, approval.could_decide) == (None, "ann", ["ann", "bob"])
    assert History.objects.get(event="decide").actor == "ann"


def test_who_leaves_the_group_cannot_decide(ask, people):
    approval = asked(ask)
    Group.objects.get(name="bosses").user_set.remove(people.ann)
    assert refusal(approval, people.ann) == "only the users and groups that it names can decide"
    with pytest.raises(NotAllowed):
        approval.approve(people.ann)


def test_strangers_do_not_learn_how_it_stands(ask, people):
    approval = asked(ask)
    approval.approve(people.ann)
    with pytest.raises(NotAllowed, match="only the users and groups that it names can decide"):
        approval.approve(people.gus)


def test_named_user_hands_over(ask, people):
    approval = asked(ask, groups=[], users=["ann", "bob"])
    with pytest.raises(NotAllowed, match="cannot be reassigned without a comment"):
        approval.reassign(people.ann, people.gus, "")
    approval.reassign(people.ann, people.gus, "on leave")
    assert who_may_decide(approval) == ["bob", "gus"]
    row = History.objects.get(event="reassign")
    assert (row.actor, row.note) == ("ann", "ann -> gus: on leave")


def test_reassigning_needs_naming_or_the_right(ask, people):
    approval = asked(ask)
    with pytest.raises(NotAllowed, match="cannot be reassigned by ann"):
        approval.reassign(people.ann, people.gus, "on leave")
    root = User.objects.create_superuser("root")
    with pytest.raises(NotAllowed, match="only 0 could decide"):
        approval.reassign(root, people.eve, "she knows best")
    approval.reassign(root, Group.objects.get(name="finance"), "their business")
    assert who_may_decide(approval) == ["cora", "dan"]


def test_who_hands_over_may_get_it_back(ask, people):
    approval = asked(ask, groups=[], users=["ann", "bob"])
    approval.reassign(people.ann, people.gus, "on leave")
    approval.reassign(people.gus, people.ann, "back again")
    approval.approve(people.ann)
    assert approval.status == "APPROVED"


def test_decided_is_not_handed_over(ask, people):
    approval = asked(ask, groups=[], users=["ann", "bob"], quorum=2)
    approval.approve(people.ann)
    with pytest.raises(NotAllowed, match="cannot be reassigned by ann, who has decided"):
        approval.reassign(people.ann, people.gus, "one more voice")


def test_decisions_given_count_when_it_is_reassigned(ask, people):
    approval = asked(ask, groups=[], users=["ann", "bob"], quorum=2)
    approval.approve(people.ann)
    with pytest.raises(NotAllowed, match="only 0 could decide"):
        approval.reassign(people.bob, people.ann, "she may do it twice")
    approval.reassign(people.bob, people.gus, "on leave")
    approval.approve(people.gus)
    assert approval.status == "APPROVED"


def test_renamed_requester_stays_the_same(ask, people):
    approval = asked(ask, by="ann")
    User.objects.filter(pk=people.ann.pk).update(username="anna")
    for who in ("anna", User.objects.get(username="anna")):
        with pytest.raises(NotAllowed, match="who asked cannot decide"):
            approval.approve(who)


def test_who_decided_and_is_made_anew_has_decided(ask, people):
    approval = asked(ask, quorum=2)
    approval.approve(people.ann)
    people.ann.delete()
    again = User.objects.create_user("ann")
    again.groups.add(Group.objects.get(name="bosses"))
    assert (who_may_decide(approval), waiting_for(again).number) == (["bob"], 0)
    with pytest.raises(NotAllowed, match="this person has decided before"):
        approval.approve(again)


PEOPLE = ("requester", "requester's delegate", "superuser", "group member", "named user", "delegate", "stranger", "inactive")
DECIDERS = {"group member", "named user", "delegate"}
MAY = {
    "approve": DECIDERS,
    "reject": DECIDERS,
    "request_changes": DECIDERS,
    "withdraw": {"requester"},
    "reassign": {"named user", "superuser"},
    "comment": DECIDERS | {"requester", "requester's delegate", "superuser"},
    "resubmit": set(),
}


@pytest.mark.parametrize("verb", MAY)
@pytest.mark.parametrize("who", PEOPLE)
def test_every_person_on_every_verb(ask, people, delegate, verb, who):
    delegate(people.eve, people.fay)
    delegate(people.ann, people.gus)
    approval = asked(ask, groups=["bosses"], users=["dan", "eve"])
    person = {
        "requester": people.eve, "requester's delegate": people.fay, "group member": people.bob, "named user": people.dan,
        "delegate": people.gus, "stranger": people.cora, "superuser": None, "inactive": people.ann,
    }[who] or User.objects.create_superuser("root")  # fmt: skip
    if who == "inactive":
        User.objects.filter(pk=person.pk).update(is_active=False)
    calls = {
        "approve": lambda: approval.approve(person.username),
        "reject": lambda: approval.reject(person.username, comment="x"),
        "request_changes": lambda: approval.request_changes(person.username, comment="x"),
        "withdraw": lambda: approval.withdraw(person.username, "x"),
        "reassign": lambda: approval.reassign(person.username, people.cora, "x"),
        "comment": lambda: approval.comment(person.username, "x"),
        "resubmit": lambda: approval.resubmit(person.username, "x"),
    }
    before = History.objects.count()
    if who in MAY[verb]:
        calls[verb]()
        assert History.objects.count() > before
    else:
        with pytest.raises(Exception, match=r"cannot|no active user|already PENDING"):
            calls[verb]()
        assert (Decision.objects.count(), History.objects.count()) == (0, before)
