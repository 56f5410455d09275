"""A person is one and the same, given as row or name, at every door; and who acts is known at every door."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.state import ProjectState
from django.db.models import F
from django.http import HttpResponse
from django.test import RequestFactory

from pgworkflows import NotAllowed, StartWorkflowOn, acting_as, request_approval, step, workflow
from pgworkflows.middleware import ActorMiddleware
from pgworkflows.models import Approval, History, Workflow
from pgworkflows.store.definitions import write_definition
from tests.ledger.models import Account


def begun(pgworkflows, using, way):
    """Start it for eve in one of the ways in which she can be named, and return its approval."""
    if way == "by name":
        using(requested_by="eve").start()
    elif way == "acting by name":
        with acting_as("eve"):
            using().start()
    elif way == "in SQL":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pgworkflows.start('tests.ask', requested_by => 'eve')")
    else:
        using(requested_by=User.objects.get(username="eve")).start()
    pgworkflows.run_workflows()
    return Approval.objects.latest("id")


@pytest.fixture
def asking(people):
    @workflow(name="tests.ask")
    def body() -> str:
        return request_approval("Buy it", users=["ann", "eve"]).status

    write_definition(body)
    return body.using


WAYS = ("by row", "by name", "acting by name", "in SQL")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("named", [True, False])
def test_requester_finds_resubmits_and_withdraws(pgworkflows, asking, people, way, named):
    eve, ann = ("eve", "ann") if named else (people.eve, people.ann)
    first = begun(pgworkflows, asking, way)
    assert first.could_decide == ["ann"]
    with pytest.raises(NotAllowed, match="who asked cannot decide"):
        first.approve(eve)
    first.request_changes(ann, comment="cheaper")
    assert list(Approval.objects.requested_by(eve).to_be_changed()) == [first]
    first.resubmit(eve, "is cheaper")
    pgworkflows.run_workflows()
    second = Approval.objects.latest("id")
    second.withdraw(eve, "no more")
    assert (second.round, second.status, second.requested_by) == (2, "WITHDRAWN", people.eve)


def test_question_names_its_requester(pgworkflows, people):
    @workflow(name="tests.ask")
    def body() -> str:
        return request_approval("Buy it", users=["ann"], requested_by="eve").status

    body.start()
    pgworkflows.run_workflows()
    assert Approval.objects.get().requested_by == people.eve


def test_name_of_nobody_stays_a_name(pgworkflows, asking):
    asking(requested_by="cron").start()
    assert list(Workflow.objects.values_list("requested_by", "requested_by_name")) == [(None, "cron")]


@pytest.fixture
def pays(people):
    """Start a workflow for each new account."""

    @workflow(name="ledger.pays")
    def body(account: int) -> str:
        return request_approval("Pay it", groups=["bosses"]).status

    write_definition(body)
    state = ProjectState.from_apps(apps)
    with connection.schema_editor() as editor:
        made = StartWorkflowOn("ledger.Account", "ledger.pays", on="insert", kwargs={"account": F("pk")})
        made.database_forwards("ledger", editor, state, state)


def started(pgworkflows):
    pgworkflows.run_workflows()
    made = Workflow.objects.get(name="ledger.pays")
    return History.objects.get(workflow=made.pk, event="start").actor, made.requested_by, Approval.objects.get()


def middleware_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def insert(*_):
    Account.objects.create(name="supplier")
    return HttpResponse()


def by_middleware(ann):
    ActorMiddleware(insert)(middleware_of(ann))


def by_name(ann):
    with acting_as("ann"):
        insert()


def by_bulk(ann):
    with acting_as(ann):
        Account.objects.bulk_create([Account(name="supplier")])


def by_raw_sql(ann):
    with acting_as(ann), connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_account (name, units) VALUES (%s, 0)", ["100 % of a supplier"])


def by_setting(ann):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgworkflows.actor', 'ann', true)")
    insert()


@pytest.mark.parametrize("door", [by_middleware, by_name, by_bulk, by_raw_sql, by_setting])
def test_trigger_knows_who_acts(pgworkflows, pays, people, door):
    door(people.ann)
    actor, requester, approval = started(pgworkflows)
    assert (actor, requester, approval.could_decide) == ("ann", people.ann, ["bob"])
    with pytest.raises(NotAllowed, match="who asked cannot decide"):
        approval.approve(people.ann)


@pytest.mark.parametrize("asker", ["ann", None])
def test_trigger_in_a_step_asks_for_the_workflow(pgworkflows, pays, people, asker):
    @workflow(name="tests.parent")
    def parent() -> None:
        tell()

    @step(name="tests.tell")
    def tell() -> None:
        insert()

    parent.using(requested_by=asker and getattr(people, asker)).start()
    _, requester, approval = started(pgworkflows)
    assert (requester, approval.could_decide) == ((people.ann, ["bob"]) if asker else (None, ["ann", "bob"]))


def test_start_in_a_step_asks_for_the_workflow(pgworkflows, asking, people):
    @step(name="tests.tell")
    def tell() -> None:
        asking().start()

    @workflow(name="tests.parent")
    def parent() -> None:
        tell()

    parent.using(requested_by=people.eve).start()
    pgworkflows.run_workflows()
    assert Approval.objects.get().requested_by == people.eve


def test_nobody_outlives_the_request(pgworkflows, pays, people):
    by_middleware(people.ann)
    Account.objects.create(name="another")
    assert list(Workflow.objects.order_by("id").values_list("requested_by_name", flat=True)) == ["ann", ""]


def test_value_cannot_sign(pgworkflows, pays, people):
    Account.objects.create(name=f"/*pgworkflows:{b'bob'.hex()}*/ supplier")
    assert Workflow.objects.get().requested_by is None
