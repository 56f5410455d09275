"""Links in e-mails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing

from pgworkflows.models import Approval
from pgworkflows.site import decision_links
from pgworkflows.store.approvals.delegations import delegate
from pgworkflows.store.connection import database_now
from tests.ledger.models import Purchase
from tests.site.conftest import decide


def address(approval: Approval, user: Any, verdict: str = "") -> str:
    return f"/approvals/link/{decision_links.token_for(approval, user, verdict)}/"


def test_link_is_absolute(ask, people, settings):
    settings.PGWORKFLOWS = {"BASE_URL": "https://shop.example.com/"}
    url = decision_links.decision_url(ask(), people.ann)
    assert url.startswith("https://shop.example.com/approvals/link/")
    with pytest.raises(ValueError, match="must be one of approve, reject, request_changes"):
        decision_links.decision_url(Approval.objects.get(), people.ann, "perhaps")


def test_link_needs_a_login(ask, people, client):
    link = address(ask(), people.ann)
    assert client.get(link).url == f"/accounts/login/?next={link.replace(':', '%3A')}"
    assert client.post(link, {"verdict": "approve"}).url.startswith("/accounts/login/")


def test_opening_a_link_decides_nothing(ask, people, as_user):
    approval = ask()
    for verdict in ("", "approve", "reject"):
        assert as_user("ann").get(address(approval, people.ann, verdict)).status_code == 200
    assert approval.decisions.count() == 0


@pytest.mark.parametrize("verdict", ["approve", "reject", "request_changes"])
def test_confirmed_link_decides_once(ask, people, as_user, verdict):
    approval, ann = ask(), as_user("ann")
    link = address(approval, people.ann, verdict)
    revision = ann.get(link).context["forms"].decision["revision"].value()
    given = {"verdict": verdict, "comment": "from the train", "revision": revision}
    assert ann.post(link, given).status_code == 302
    assert approval.decisions.get().channel == "link"
    again = ann.post(link, given)
    assert (again.status_code, "This link is spent" in again.content.decode()) == (410, True)
    assert approval.decisions.count() == 1


def test_what_is_missing_is_told(ask, people, as_user):
    approval = ask(form=True)
    link, ann = address(approval, people.ann), as_user("ann")
    for given in ({"verdict": "perhaps"}, {"verdict": "approve"}, {"verdict": "reject", "comment": ""}):
        assert ann.post(link, {"revision": 0} | given).status_code == 422
    assert approval.decisions.count() == 0
    assert ann.post(link, {"verdict": "approve", "revision": 0, "data-cost_centre": 5}).status_code == 302


def test_foreign_link_is_refused(ask, people, as_user):
    approval = ask()
    for name in ("bob", "root"):
        for answer in (as_user(name).get(address(approval, people.ann)), as_user(name).post(address(approval, people.ann))):
            assert (answer.status_code, "sent to somebody else" in answer.content.decode()) == (403, True)
            assert "Buy chairs" not in answer.content.decode()


def forged() -> list[str]:
    """Return what nobody here signed for this."""
    other = signing.Signer(salt="something else").sign_object([1, "1", "", "", 0])
    return ["x", "x:y", other, signing.dumps([1, "1", "", "", 0]), "é:é"]


def test_forged_link_is_refused(ask, people, as_user):
    token = decision_links.token_for(ask(), people.ann)
    for made in [*forged(), token[:-1], "A" + token]:
        answer = as_user("ann").get(f"/approvals/link/{made}/")
        assert (answer.status_code, "not valid" in answer.content.decode()) == (404, True)


def test_link_expires(ask, people, as_user, pgworkflows):
    approval = ask()
    link = address(approval, people.ann)
    pgworkflows.move_clock(timedelta(days=3, seconds=1))
    answer = as_user("ann").post(link, {"verdict": "approve", "revision": 0})
    assert (answer.status_code, "has expired" in answer.content.decode(), approval.decisions.count()) == (410, True, 0)


def test_link_dies_when_another_decides(ask, people, as_user):
    approval = ask()
    decide(as_user("bob"), approval, "reject", comment="no")
    answer = as_user("ann").get(address(approval, people.ann))
    assert (answer.status_code, "the approval is rejected" in answer.content.decode()) == (410, True)


def test_link_dies_when_the_subject_changes(ask, people, as_user):
    approval = ask()
    link = address(approval, people.ann)
    Purchase.objects.update(total=1)
    answer = as_user("ann").post(link, {"verdict": "approve", "revision": 0})
    assert (answer.status_code, "has changed since" in answer.content.decode(), approval.decisions.count()) == (409, True, 0)


def test_link_dies_when_another_is_asked(ask, people, as_user):
    approval = ask(groups=[], users=["ann"])
    link = address(approval, people.ann)
    approval.reassign("ann", "bob", "away")
    answer = as_user("ann").get(link)
    assert (answer.status_code, "You cannot decide this any more" in answer.content.decode()) == (403, True)


def test_delegate_decides_by_link(ask, people, as_user):
    approval = ask()
    delegate(people.ann, people.cora, ends_at=database_now() + timedelta(days=1))
    given = {"verdict": "approve", "revision": 0, "on_behalf_of": "ann"}
    assert as_user("cora").post(address(approval, people.cora), given).status_code == 302
    assert approval.decisions.get().on_behalf_of_name == "ann"
