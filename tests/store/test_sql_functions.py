"""What psql and other programs do with the schema `pgworkflows`, and what they are told when they do it wrong."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, ProgrammingError, transaction
from django.test import override_settings

from pgworkflows import KeyConflict, Retry, current_step, request_approval, step, wait_for_event, workflow
from pgworkflows.models import Approval, Event, History, Workflow
from pgworkflows.store.definitions import write_definition
from tests.ledger.models import Account
from tests.superuser import OWNER


@pytest.fixture
def fulfil(db):
    @step(name="tests.tell")
    def tell(answer: str) -> str:
        return answer

    @workflow(name="tests.fulfil", queue="slow", priority=7, timeout=3600)
    def body(order_id: int, express: bool = False) -> str:
        if not request_approval("Release", users=["ann"]).approved:
            return tell("refused")
        return tell(wait_for_event("delivered")["signed_by"])

    write_definition(body)
    return body


@pytest.fixture
def ann(django_user_model, db):
    return django_user_model.objects.create_user("ann")


START = """SELECT pgworkflows.start('tests.fulfil', '{"order_id": 7}'"""


def test_psql_alone_carries_a_workflow_through(transactional_db, fulfil, ann, psql, pgworkflows):
    started = psql(START + ")")
    pgworkflows.run_workflows()
    assert psql(f"SELECT pgworkflows.status('{started}')") == "WAITING"
    approval = psql("SELECT id FROM pgworkflows_approval")
    psql(f"SELECT pgworkflows.decide({approval}, 'ann', 'approve', 'fine')")
    pgworkflows.run_workflows()
    psql(f"""SELECT pgworkflows.send_event('{started}', 'delivered', '{{"signed_by": "Bob"}}')""")
    pgworkflows.run_workflows()
    assert psql(f"SELECT pgworkflows.status('{started}')") == "COMPLETED"
    assert Workflow.objects.get(pk=started).result == "Bob"
    told = "SELECT event, actor, channel FROM pgworkflows_history WHERE channel = 'sql' ORDER BY id"
    assert psql(told) == f"start|{OWNER}|sql\ndecide|ann|sql\napprove|ann|sql"


def test_psql_cancels_with_a_reason(transactional_db, fulfil, ann, psql):
    started = psql(START + ")")
    psql(f"SELECT pgworkflows.cancel('{started}', 'ordered twice')")
    assert psql(f"SELECT pgworkflows.status('{started}')") == "CANCELLED"
    told = "SELECT event, from_status, to_status, actor, session_user, note FROM pgworkflows_history ORDER BY id"
    told = told.replace("session_user", '"session_user"')
    assert psql(told).splitlines()[-1] == f"cancel|PENDING|CANCELLED|{OWNER}|{OWNER}|ordered twice"


@pytest.fixture
def failing(db):
    @step(name="tests.book")
    def book() -> str:
        return "booked"

    @book.compensation
    def unbook(*, result: str) -> None:
        assert result == "booked"

    @step(name="tests.pay")
    def pay() -> None:
        raise ValueError("no money")

    @workflow(name="tests.failing", compensate_on=())
    def body() -> None:
        book()
        pay()

    return body


def test_psql_retries_and_compensates_as_python_does(transactional_db, failing, psql, pgworkflows):
    by_python, by_psql = failing.start(), failing.start()
    pgworkflows.run_workflows()
    by_python.retry("the bank is back")
    psql(f"SELECT pgworkflows.retry('{by_psql.pk}', 'the bank is back')")
    pgworkflows.run_workflows()
    by_python.compensate("given up")
    psql(f"SELECT pgworkflows.compensate('{by_psql.pk}', 'given up')")
    pgworkflows.run_workflows()
    assert set(Workflow.objects.values_list("status", flat=True)) == {"COMPENSATED"}
    rows = History.objects.order_by("id").values_list("event", "from_status", "to_status", "attempt", "note")
    assert list(rows.filter(workflow=by_psql.pk)) == list(rows.filter(workflow=by_python.pk))
    told = "SELECT event, actor, session_user, note FROM pgworkflows_history WHERE channel = 'sql' ORDER BY id"
    retried = f"task_retry|{OWNER}|{OWNER}|STEP tests.pay\nretry|{OWNER}|{OWNER}|the bank is back"
    assert psql(told) == f"{retried}\ncompensate|{OWNER}|{OWNER}|given up"


def test_psql_has_what_backs_off_tried_now(db, execute, pgworkflows):
    @step(name="tests.pay", retry=Retry(max_attempts=2, initial=3600))
    def pay() -> None:
        if current_step().attempt == 1:
            raise ValueError("not now")

    @workflow(name="tests.payer")
    def body() -> None:
        pay()

    started = body.start()
    pgworkflows.run_workflows()
    execute("SELECT pgworkflows.retry(%s)", started.pk)
    pgworkflows.run_workflows()
    assert Workflow.objects.get().status == "COMPLETED"


@pytest.mark.parametrize("verb", ["retry", "compensate"])
def test_what_goes_well_is_neither_retried_nor_undone(fulfil, execute, verb):
    started = fulfil.start(order_id=7)
    with pytest.raises(DatabaseError) as raised:
        execute(f"SELECT pgworkflows.{verb}(%s, 'again')", started.pk)
    told = [f"workflow {started.pk} is PENDING", f"HINT:  {verb}() is for one that is FAILED or BLOCKED."]
    assert str(raised.value).splitlines()[:2] == told


def test_psql_sends_under_a_correlation(transactional_db, psql, pgworkflows):
    @workflow(name="tests.correlated")
    def body() -> str:
        return wait_for_event("delivered", correlation="T1")

    started = body.start()
    assert psql("""SELECT pgworkflows.send_correlated('delivered', 'T1', '"here"', 'k')""") == "f"
    psql("""SELECT pgworkflows.send_correlated('delivered', 'T1', '"here"', 'k')""")
    pgworkflows.run_workflows()
    assert started.wait(1) == "here"
    assert started.events.count() == 1


def test_psql_cannot_make_an_illegal_transition(transactional_db, fulfil, psql):
    started = psql(START + ")")
    psql(f"SELECT pgworkflows.cancel('{started}', 'no')")
    with pytest.raises(RuntimeError) as raised:
        psql("UPDATE pgworkflows_workflow SET status = 'RUNNING', finished_at = NULL")
    assert f":  workflow {started} cannot go from CANCELLED to RUNNING" in str(raised.value)
    with pytest.raises(RuntimeError, match=":  DELETE on pgworkflows_history is refused: history is append-only"):
        psql("DELETE FROM pgworkflows_history")


def test_start_in_a_rolled_back_transaction(transactional_db, fulfil, psql):
    psql(f"BEGIN; {START}); ROLLBACK")
    assert not Workflow.objects.exists()
    assert not History.objects.exists()


def start(execute, *parameters, **named):
    marks = ["%s"] * len(parameters) + [f"{name} => %s" for name in named]
    return execute(f"SELECT pgworkflows.start({', '.join(marks)})", *parameters, *named.values())[0][0]


def test_start_takes_the_definition_s_options(fulfil, execute):
    row = Workflow.objects.get(pk=start(execute, "tests.fulfil", '{"order_id": 7}'))
    assert (row.version, row.queue, row.priority, row.status, row.format) == (1, "slow", 7, "PENDING", 0)
    assert (row.deadline - row.created_at).total_seconds() == 3600
    assert (row.kwargs, row.key, row.subject_label, row.requested_by_name) == ({"order_id": 7}, None, "", "")
    assert row.available_at == row.created_at
    assert row.id.version == 7


def test_start_takes_the_highest_version(fulfil, execute):
    @workflow(name="tests.fulfil", version=2)
    def newer(order_id: str) -> None: ...

    write_definition(newer)
    assert Workflow.objects.get(pk=start(execute, "tests.fulfil", '{"order_id": "x"}')).version == 2


def test_start_with_every_argument(fulfil, execute, ann):
    account = Account.objects.create()
    later = "2030-01-01T00:00:00Z"
    named = {"queue": "fast", "run_after": later, "subject": f"ledger.Account:{account.pk}", "requested_by": "ann"}
    row = Workflow.objects.get(pk=start(execute, "tests.fulfil", '{"order_id": 7}', key="k", **named))
    assert (row.key, row.queue, row.requested_by, row.requested_by_name) == ("k", "fast", ann, "ann")
    assert row.available_at.isoformat() == "2030-01-01T00:00:00+00:00"
    assert row.subject == account
    assert list(Workflow.objects.for_subject(account)) == [row] == list(account.workflows.all())
    assert History.objects.get().actor == "ann"


def test_start_with_defaults_runs_with_them(execute, pgworkflows, db):
    @workflow(name="tests.greets")
    def body(name: str, greeting: str = "Hello") -> str:
        return f"{greeting} {name}"

    write_definition(body)
    started = start(execute, "tests.greets", '{"name": "Ann"}')
    pgworkflows.run_workflows()
    assert Workflow.objects.get(pk=started).result == "Hello Ann"


@pytest.mark.parametrize(
    ("parameters", "named", "message", "hint"),
    [
        (
            ["tests.none"],
            {},
            "no workflow definition named 'tests.none'",
            "Definitions are written by `manage.py migrate`",
        ),
        ([None], {}, "no workflow definition named NULL", "Definitions are written"),
        (["tests.fulfil", "[7]"], {}, "tests.fulfil: kwargs must be a JSON object of the arguments by name", ""),
        (["tests.fulfil", None], {}, "tests.fulfil: kwargs must be a JSON object of the arguments by name", ""),
        (["tests.fulfil"], {}, "tests.fulfil: missing argument order_id", ""),
        (
            ["tests.fulfil", '{"order": 7, "order_id": 7}'],
            {},
            "tests.fulfil: unknown argument order",
            "It takes order_id, express.",
        ),
        (
            ["tests.fulfil", '{"order_id": 7}'],
            {"key": ""},
            "tests.fulfil: the key must not be empty",
            "Pass NULL for none.",
        ),
        (
            ["tests.fulfil", '{"order_id": 7}'],
            {"subject": "order 7"},
            "tests.fulfil: 'order 7' is no subject",
            "Pass app_label.model:primary_key, as in shop.order:7.",
        ),
    ],
)
def test_wrong_start_is_refused(fulfil, execute, parameters, named, message, hint):
    with pytest.raises(DatabaseError) as raised:
        start(execute, *parameters, **named)
    first, _, rest = str(raised.value).partition("\n")
    assert first == message
    assert rest.startswith(f"HINT:  {hint}" if hint else "CONTEXT")
    assert not Workflow.objects.exists()


def test_start_with_too_much_is_refused(fulfil, execute):
    with override_settings(PGWORKFLOWS={"MAX_PAYLOAD_BYTES": 100}):
        write_definition(fulfil)
    with pytest.raises(OperationalError, match=r"the arguments are larger than MAX_PAYLOAD_BYTES \(100\)\nHINT:  Store"):
        start(execute, "tests.fulfil", json.dumps({"order_id": "7" * 100}))


def test_same_key_and_arguments_give_the_same_row(fulfil, execute):
    first = start(execute, "tests.fulfil", '{"order_id": 7}', key="k")
    assert start(execute, "tests.fulfil", '{"order_id": 7}', key="k") == first
    assert start(execute, "tests.fulfil", '{"order_id": 7, "express": false}', key="k") == first
    assert History.objects.count() == 1


def test_same_key_with_other_arguments_is_refused(fulfil, execute):
    first = start(execute, "tests.fulfil", '{"order_id": 7}', key="k")
    with pytest.raises(IntegrityError) as raised:
        start(execute, "tests.fulfil", '{"order_id": 8}', key="k")
    message = f"key 'k' of tests.fulfil belongs to workflow {first} with other arguments"
    assert str(raised.value).startswith(f"{message}\nHINT:  Use another key, or the same arguments.")


def test_keys_of_python_and_sql_are_one(fulfil, execute):
    first = start(execute, "tests.fulfil", '{"order_id": 7}', key="a")
    assert fulfil.using(key="a").start(7).pk == first
    with pytest.raises(KeyConflict):
        fulfil.using(key="a").start(8)
    second = fulfil.using(key="b").start(7)
    assert start(execute, "tests.fulfil", '{"order_id": 7}', key="b") == second.pk


def test_key_of_a_row_from_sql_compares_by_type(execute, db):
    @workflow(name="tests.pays")
    def body(amount: Decimal, day: date = date(2026, 1, 1)) -> None: ...

    write_definition(body)
    first = start(execute, "tests.pays", '{"amount": "12.50"}', key="k")
    assert body.using(key="k").start(Decimal("12.50")).pk == first
    with pytest.raises(KeyConflict):
        body.using(key="k").start(Decimal("12.51"))


UNKNOWN = "0197f7a0-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (f"send_event('{UNKNOWN}', 'x')", f"no workflow {UNKNOWN}"),
        (f"send_event('{UNKNOWN}', '$cancel')", "'$cancel' is no name for an event"),
        (f"send_event('{UNKNOWN}', '')", "'' is no name for an event"),
        ("send_correlated(NULL, 'c')", "NULL is no name for an event"),
        ("send_correlated('x', NULL)", "event x: the correlation must not be null"),
        (f"cancel('{UNKNOWN}', 'why')", f"no workflow {UNKNOWN}"),
        (f"retry('{UNKNOWN}')", f"no workflow {UNKNOWN}"),
        (f"compensate('{UNKNOWN}', 'why')", f"no workflow {UNKNOWN}"),
        ("decide(1, 'ann', 'maybe')", "verdict must be approve, reject or request_changes, not 'maybe'"),
        ("decide(1, 'ann', 'reject')", "verdict reject needs a comment"),
        ("decide(1, 'ann', 'reject', ' ')", "verdict reject needs a comment"),
        ("decide(0, 'ann', 'approve')", "approval 0 cannot be decided by ann: there is no such approval"),
    ],
)
def test_wrong_call_says_what_is_wrong(execute, db, call, message):
    with pytest.raises(DatabaseError) as raised:
        execute(f"SELECT pgworkflows.{call}")
    assert str(raised.value).partition("\n")[0] == message


def test_status_of_nothing_is_null(execute, db):
    assert execute(f"SELECT pgworkflows.status('{UNKNOWN}')") == [(None,)]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("bob", "only the users and groups that it names can decide"),
        ("nobody", "there is no active user of that name"),
        ("carl", "there is no active user of that name"),
    ],
)
def test_decision_by_the_wrong_person(fulfil, ann, execute, pgworkflows, django_user_model, who, why):
    django_user_model.objects.create_user("bob")
    django_user_model.objects.create_user("carl", is_active=False)
    fulfil.start(7)
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    with pytest.raises(OperationalError) as raised:
        execute("SELECT pgworkflows.decide(%s, %s, 'approve')", approval.pk, who)
    assert str(raised.value).startswith(f"approval {approval.pk} cannot be decided by {who}: {why}")


def test_decision_on_what_one_asked_for_oneself(ann, execute, pgworkflows, django_user_model):
    django_user_model.objects.create_user("bob")

    @workflow(name="tests.ask_two")
    def body() -> bool:
        return request_approval("Release", users=["ann", "bob"]).approved

    body.using(requested_by=ann).start()
    pgworkflows.run_workflows()
    with pytest.raises(OperationalError, match="cannot be decided by ann: who asked cannot decide; another person must"):
        execute("SELECT pgworkflows.decide(%s, 'ann', 'approve')", Approval.objects.get().pk)


def test_second_decision_is_refused(fulfil, ann, execute, pgworkflows):
    fulfil.start(7)
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    execute("SELECT pgworkflows.decide(%s, 'ann', 'reject', 'no')", approval.pk)
    with pytest.raises(OperationalError, match="cannot be decided by ann: it is already REJECTED"):
        execute("SELECT pgworkflows.decide(%s, 'ann', 'approve')", approval.pk)
    pgworkflows.run_workflows()
    assert Workflow.objects.get().result == "refused"


def test_finished_workflow_takes_nothing_more(fulfil, execute):
    started = fulfil.start(7)
    started.cancel("over")
    with pytest.raises(OperationalError, match=f"workflow {started.pk} is CANCELLED: it takes no more events"):
        execute("SELECT pgworkflows.send_event(%s, 'x')", started.pk)
    with pytest.raises(OperationalError, match=f"workflow {started.pk} is already CANCELLED"):
        execute("SELECT pgworkflows.cancel(%s, 'again')", started.pk)


def test_tags_in_a_payload_stay_text(execute, pgworkflows, db):
    @workflow(name="tests.reads")
    def body() -> object:
        return wait_for_event("go")

    started = body.start()
    payload = '{"$decimal": "1", "deep": [{"$uuid": "x", "plain": "$"}], "$$": null}'
    execute("SELECT pgworkflows.send_event(%s, 'go', %s::jsonb)", started.pk, payload)
    pgworkflows.run_workflows()
    assert started.wait(1) == json.loads(payload)


def test_tags_in_arguments_stay_text(execute, pgworkflows, db):
    @workflow(name="tests.reads")
    def body(given: dict) -> object:
        return given

    write_definition(body)
    started = start(execute, "tests.reads", '{"given": {"$dataclass": ["os:environ", {}]}}')
    pgworkflows.run_workflows()
    assert Workflow.objects.get(pk=started).wait(1) == {"$dataclass": ["os:environ", {}]}


def test_role_with_execute_only_can_use_the_verbs(clerk, fulfil, execute):
    execute("GRANT USAGE ON SCHEMA pgworkflows TO clerk")
    execute("GRANT EXECUTE ON FUNCTION pgworkflows.start, pgworkflows.status, pgworkflows.cancel TO clerk")
    with transaction.atomic():
        execute("SET LOCAL ROLE clerk")
        started = start(execute, "tests.fulfil", '{"order_id": 7}')
        assert execute("SELECT pgworkflows.status(%s)", started) == [("PENDING",)]
        execute("SELECT pgworkflows.cancel(%s, 'no')", started)
        with pytest.raises(ProgrammingError, match="decide"):
            execute("SELECT pgworkflows.decide(1, 'ann', 'approve')")
        execute("RESET ROLE")
    assert Workflow.objects.get().status == "CANCELLED"


LONG = {
    "tests.fulfil: the key": START + ", key => %s)",
    "tests.fulfil: the queue": START + ", queue => %s)",
    "tests.fulfil: the subject": START + ", subject => 'shop.order:' || %s)",
    "tests.fulfil: the name of who asks": START + ", requested_by => %s)",
    "the name of an event": "SELECT pgworkflows.send_correlated(%s, 'c')",
    "event paid: the correlation": "SELECT pgworkflows.send_correlated('paid', %s)",
    "event paid: the key": "SELECT pgworkflows.send_correlated('paid', 'c', key => %s)",
    "event due: the key": "SELECT pgworkflows.send_event(gen_random_uuid(), 'due', key => %s)",
}


@pytest.mark.parametrize("what", LONG)
def test_text_that_no_index_holds_is_refused_by_name(fulfil, execute, what):
    with pytest.raises(DatabaseError, match=rf"{what} has 90\d\d bytes, more than 500\nHINT:  Use a shorter text, or its hash."):
        execute(LONG[what], "".join(str(n) for n in range(1000, 3250)))
    assert not Workflow.objects.exists()
    assert not Event.objects.exists()
