"""Several decisions at once."""

from tests.ledger.models import Purchase
from tests.site.conftest import decide

BULK = "/approvals/bulk/"


def keys(*approvals):
    return [f"{approval.pk}:{approval.revision}" for approval in approvals]


def test_bulk_asks_before_it_decides(ask, as_user):
    one, other = ask("one"), ask("other")
    page = as_user("ann").post(BULK, {"verdict": "approve", "selected": keys(one, other)})
    assert all(text in page.content.decode() for text in ("Approve these?", "one", "other", "Yes, approve"))
    assert one.decisions.count() == 0


def test_each_row_has_its_own_result(ask, as_user):
    fine, changed, stale, brought = ask("fine"), ask("changed"), ask("stale"), ask("brought", form=True)
    Purchase.objects.filter(pk=changed.subject_id).update(total=1)
    decide(as_user("eve"), stale, "comment", comment="wait")
    strange = ask("strange", groups=[], users=["cora"])
    given = {"verdict": "approve", "confirmed": "yes", "comment": "all of it"}
    answer = as_user("ann").post(BULK, given | {"selected": [*keys(fine, changed, stale, brought, strange), "x:y"]})
    stood = [row["problem"].status if row["problem"] else "decided" for row in answer.context["results"]]
    assert stood == ["decided", 409, 409, 422, 404, 404]
    assert "1 of 6 decided." in answer.content.decode()
    shown = [str(row["status"].text) for row in answer.context["results"] if "status" in row]
    assert shown == ["approved", "pending", "pending", "pending"]
    assert "strange" not in answer.content.decode()
    fine.refresh_from_db()
    assert (fine.status, fine.decisions.get().comment) == ("APPROVED", "all of it")


def test_bulk_rejection_needs_a_reason(ask, as_user):
    approval, ann = ask(), as_user("ann")
    given = {"verdict": "reject", "confirmed": "yes", "selected": keys(approval)}
    answer = ann.post(BULK, given | {"comment": " "})
    assert (answer.status_code, "Say why." in answer.content.decode()) == (422, True)
    assert ann.post(BULK, given | {"comment": "too dear"}).context["done"] == 1
    approval.refresh_from_db()
    assert approval.status == "REJECTED"


def test_bulk_without_selection_does_nothing(ask, as_user):
    approval, ann = ask(), as_user("ann")
    many = [f"{number}:0" for number in range(51)]
    for given in (
        {"verdict": "approve"},
        {"verdict": "withdraw", "selected": keys(approval)},
        {"verdict": "approve", "selected": many},
    ):
        assert ann.post(BULK, given | {"confirmed": "yes"}).status_code == 422
    assert approval.decisions.count() == 0
