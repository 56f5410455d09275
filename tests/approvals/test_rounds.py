"""Sending back, resubmitting, withdrawing."""

import pytest

from pgworkflows import AlreadyDecided, NotAllowed
from pgworkflows.models import Approval, History
from pgworkflows.presentation.waits import in_words


def test_requester_gets_it_back(ask, latest, people):
    started = ask(groups=["bosses"])
    latest(started).request_changes(people.ann, comment="cheaper")
    approval = latest(started)
    assert approval.status == "CHANGES_REQUESTED"
    assert list(Approval.objects.requested_by(people.eve).to_be_changed()) == [approval]
    started.refresh_from_db()
    assert in_words(started) == "changes to “Buy it” by eve"


def test_resubmission_opens_the_next_round(ask, latest, people):
    started = ask(groups=["bosses"])
    first = latest(started)
    first.request_changes(people.ann, comment="cheaper")
    first.resubmit(people.eve, "is cheaper now")
    second = latest(started)
    assert (second.round, second.status, second.request) == (2, "PENDING", first.request)
    assert not Approval.objects.to_be_changed().exists()
    second.approve(people.ann)
    latest(started)
    assert [d["round"] for d in started.wait(0).decisions] == [1, 2]


def test_resubmission_before_the_worker_looked(ask, people, latest):
    started = ask(groups=["bosses"])
    first = Approval.objects.get()
    first.request_changes(people.ann, comment="cheaper")
    first.resubmit(people.eve, "")
    assert latest(started).round == 2


def test_only_the_requester_resubmits_and_withdraws(ask, people):
    ask(groups=["bosses"])
    approval = Approval.objects.get()
    approval.request_changes(people.ann, comment="cheaper")
    with pytest.raises(NotAllowed, match="cannot be resubmitted by ann: only its requester can"):
        approval.resubmit(people.ann, "")
    with pytest.raises(NotAllowed, match="cannot be withdrawn by bob: only its requester can"):
        approval.withdraw(people.bob, "no")


def test_withdrawing_ends_the_request(ask, people, latest):
    started = ask(groups=["bosses"])
    approval = Approval.objects.get()
    with pytest.raises(NotAllowed, match="cannot be withdrawn without a comment"):
        approval.withdraw(people.eve, " ")
    approval.withdraw(people.eve, "found one in the cellar")
    with pytest.raises(AlreadyDecided, match="already WITHDRAWN"):
        approval.approve(people.ann)
    latest(started)
    assert (started.wait(0).status, started.wait(0).approved) == ("WITHDRAWN", False)
    row = History.objects.get(approval=approval.pk, event="withdraw")
    assert (row.actor, row.note, row.from_status) == ("eve", "found one in the cellar", "PENDING")


def test_resubmitting_twice_is_refused(ask, people):
    ask(groups=["bosses"])
    approval = Approval.objects.get()
    with pytest.raises(AlreadyDecided, match="already PENDING"):
        approval.resubmit(people.eve, "")
    approval.request_changes(people.ann, comment="cheaper")
    approval.resubmit(people.eve, "")
    with pytest.raises(NotAllowed, match="was resubmitted before"):
        approval.resubmit(people.eve, "")
    with pytest.raises(NotAllowed, match="Withdraw the round that follows"):
        approval.withdraw(people.eve, "no more")


def test_changes_need_a_comment(ask, people):
    ask(groups=["bosses"])
    with pytest.raises(NotAllowed, match="cannot be sent back without a comment"):
        Approval.objects.get().request_changes(people.ann, comment="")


def test_cancel_ends_what_was_sent_back(ask, people, latest):
    started = ask(groups=["bosses"])
    Approval.objects.get().request_changes(people.ann, comment="cheaper")
    latest(started)
    started.cancel("no money")
    assert latest(started).status == "CANCELLED"


def test_comments_are_for_who_may_see_it(ask, people):
    ask(groups=["bosses"])
    approval = Approval.objects.get()
    approval.comment(people.eve, "It is urgent.")
    approval.comment(people.ann, "Why?")
    with pytest.raises(NotAllowed, match="who may not see it"):
        approval.comment(people.gus, "me too")
    said = History.objects.filter(approval=approval.pk, event="comment").order_by("id")
    assert list(said.values_list("actor", "note")) == [("eve", "It is urgent."), ("ann", "Why?")]
