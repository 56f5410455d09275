"""Purchase requests: who is asked, and that exactly what was approved is ordered."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission, User
from django_fsm import TransitionNotAllowed

from demo_shop.models import Employee, PurchaseLine, PurchaseOrder, PurchaseRequest
from demo_shop.policies import FINANCE, PURCHASES, publish_policies
from demo_shop.purchasing import NothingToBuy, ask_for
from pgworkflows import NotAllowed, SubjectChanged
from pgworkflows.models import Approval, ApprovalPolicy


@pytest.fixture
def people(db):
    """Make an employee, their manager, and somebody in finance; publish the policies."""
    publish_policies()
    made = {name: User.objects.create_user(name) for name in ("eve", "mona", "fred")}
    Employee.objects.create(user=made["eve"], manager=made["mona"])
    Group.objects.get(name=FINANCE).user_set.add(made["fred"])
    return made


@pytest.fixture
def make_request(people):
    """Write down a request of eve's for chairs."""

    def make(chairs: int = 4, price: str = "300.00") -> PurchaseRequest:
        request = PurchaseRequest.objects.create(
            number=f"P{chairs}", title="chairs", supplier="Oak & Co", requested_by=people["eve"]
        )
        PurchaseLine.objects.create(request=request, description="Oak chair", quantity=chairs, unit_price=price)
        return request

    return make


@pytest.fixture
def pending(pgworkflows):
    """Run what can run, and return what is asked then."""

    def pending() -> Approval:
        pgworkflows.run_workflows()
        return Approval.objects.pending().get()

    return pending


def status_of(request: PurchaseRequest) -> str:
    return str(PurchaseRequest.objects.values_list("status", flat=True).get(pk=request.pk))


def test_small_purchase_needs_the_manager(make_request, people, pending, pgworkflows):
    request = make_request(chairs=1)
    ask_for(request)
    pending().approve(people["mona"])
    pgworkflows.run_workflows()
    assert status_of(request) == "ORDERED"
    assert request.purchase_order.amount == Decimal("300.00")


def test_large_purchase_needs_finance_too(make_request, people, pending, pgworkflows):
    request = make_request(chairs=4)
    ask_for(request)
    pending().approve(people["mona"])
    assert (pending().stage.name, pending().snapshot["total"]) == ("finance", "1200.00")
    pending().approve(people["fred"])
    pgworkflows.run_workflows()
    assert request.purchase_order.amount == Decimal("1200.00")


def add_one(request: PurchaseRequest) -> None:
    line = request.lines.get()
    line.quantity += 1
    line.save()


def test_line_changed_after_approval_is_not_ordered(make_request, people, pending):
    request = make_request(chairs=4)
    workflow = ask_for(request)
    pending().approve(people["mona"])
    pending().approve(people["fred"])
    add_one(request)
    again = pending()
    assert workflow.tasks.get(name="demo_shop.order_goods").error["type"].endswith("SubjectChanged")
    assert not PurchaseOrder.objects.exists()
    assert (status_of(request), again.stage.name, again.snapshot["total"]) == ("ASKED", "line manager", "1500.00")


def test_line_changed_between_stages_asks_again(make_request, people, pending):
    request = make_request(chairs=4)
    ask_for(request)
    pending().approve(people["mona"])
    add_one(request)
    again = pending()
    assert (again.stage.name, again.round, again.snapshot["total"]) == ("line manager", 2, "1500.00")


def test_change_while_deciding_is_shown(make_request, people, pending):
    request = make_request(chairs=1)
    ask_for(request)
    approval = pending()
    request.lines.create(description="Cushion", unit_price=20)
    with pytest.raises(SubjectChanged) as error:
        approval.approve(people["mona"])
    assert error.value.difference["total"] == ["300.00", "320.00"]
    assert approval.decisions.count() == 0


def test_refusal_closes_the_request(make_request, people, pending, pgworkflows):
    request = make_request()
    ask_for(request)
    pending().reject(people["mona"], comment="We have chairs.")
    pgworkflows.run_workflows()
    assert status_of(request) == "CLOSED"
    assert not PurchaseOrder.objects.exists()


def test_without_manager_finance_is_asked(make_request, people, pending):
    Employee.objects.all().delete()
    ask_for(make_request(chairs=1))
    approval = pending()
    assert [group.name for group in approval.groups.all()] == [FINANCE]
    assert [action.note for action in approval.actions.all()] == ["line manager: nobody was found"]


def test_empty_request_asks_nobody(people):
    request = PurchaseRequest.objects.create(number="P0", title="air", supplier="Nobody", requested_by=people["eve"])
    with pytest.raises(NothingToBuy):
        ask_for(request)
    assert (status_of(request), request.workflows.count()) == ("DRAFT", 0)


def test_request_is_asked_about_once(make_request):
    request = make_request()
    ask_for(request)
    with pytest.raises(TransitionNotAllowed):
        ask_for(request)


def test_policy_is_published_once_by_another(people):
    publish_policies()
    policy = ApprovalPolicy.objects.get(name=PURCHASES)
    assert (policy.version, policy.edited_by_name, policy.published_by_name) == (1, "policy-editor", "policy-publisher")
    draft = policy.new_draft(User.objects.get(username="policy-editor"))
    with pytest.raises(NotAllowed, match="that needs the permission publish_policy"):
        draft.publish(User.objects.get(username="policy-editor"))


def test_staff_write_and_ask_in_the_admin(client, people, pending):
    eve = people["eve"]
    eve.is_staff = True
    eve.save()
    eve.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="demo_shop", codename__endswith="_purchaserequest"),
        *Permission.objects.filter(content_type__app_label="demo_shop", codename__endswith="_purchaseline"),
    )
    client.force_login(eve)
    lines = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-description": "Lamp", "lines-0-quantity": 2}
    written = {"number": "P9", "title": "lamps", "supplier": "Light", "lines-0-unit_price": "40.00", **lines}
    client.post("/admin/demo_shop/purchaserequest/add/", written)
    request = PurchaseRequest.objects.get()
    client.post("/admin/demo_shop/purchaserequest/", {"action": "ask", "_selected_action": [request.pk]})
    assert pending().requested_by == eve
    page = client.get(f"/admin/demo_shop/purchaserequest/{request.pk}/change/").content.decode()
    assert "Buy lamps from Light" in page
