"""What SQL may put in, every face can read; a bad row costs its own line."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.test import Client, override_settings

from pgworkflows import send_event, wait_for_event, workflow
from pgworkflows.models import ApprovalPolicy, ApprovalStage, Delegation, Worker, Workflow
from pgworkflows.store.definitions import write_definition
from pgworkflows.store.retention.guards import amending
from pgworkflows.values.readable import DEEPEST, TOO_DEEP, read_json
from tests.workers import rows

DEEP = "[" * 3000 + "]" * 3000


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ('{"a": 1, "b": [2.5, null]}', {"a": 1, "b": [2.5, None]}),
        ('{"a": 1' + "0" * 5000 + ', "b": -1}', {"a": "[a number of 5001 digits]", "b": -1}),
        ('{"a": {"b": ' + DEEP + '}, "c": "[{"}', None),
        (str([["]"] for _ in range(DEEPEST)]).replace("'", '"'), [["]"] for _ in range(DEEPEST)]),
    ],
)
def test_what_python_cannot_read_is_told(stored, read):
    found = read_json(stored)
    if read is None:
        assert found["c"] == "[{"
        assert str(found).count("[") == DEEPEST
        assert TOO_DEEP in str(found)
    else:
        assert found == read


@pytest.fixture
def started(people, pgworkflows):
    """Start by SQL, beside a neighbour, what holds what SQL may hold; return the two keys."""

    @workflow(name="tests.waits")
    def waits(n: object = None) -> object:
        return wait_for_event("paid")

    write_definition(waits)

    def start(value: str) -> tuple[object, object]:
        beside = waits.start()
        pgworkflows.run_workflows()
        started = rows("SELECT pgworkflows.start('tests.waits', jsonb_build_object('n', %s::jsonb))", value)[0][0]
        rows("SELECT pgworkflows.send_event(%s, 'paid', %s::jsonb)", beside.pk, value)
        rows("SELECT pgworkflows.send_event(%s, 'other', %s::jsonb)", started, value)
        pgworkflows.run_workflows()
        return started, beside.pk

    return start


@pytest.mark.parametrize("value", ["1e5000", "-1e4500", DEEP, '{"$datetime": "9999-12-31"}', '{"$enum": 7}', '"\\u2028"'])
def test_every_face_shows_every_row(started, people, value):
    keys = started(value)
    with amending("The test"):
        rows("UPDATE pgworkflows_workflow SET result = %s::jsonb, error = %s::jsonb, attributes = %s::jsonb", *[value] * 3)
    browser = Client()
    browser.force_login(people.root)
    ways = ["/admin/pgworkflows/workflow/", "/api/workflows/", *(f"/admin/pgworkflows/workflow/{key}/change/" for key in keys)]
    ways += [f"/api/workflows/{key}/{part}" for key in keys for part in ("", "tasks/", "history/")]
    assert {way: browser.get(way).status_code for way in ways} == dict.fromkeys(ways, 200)
    for words in (["list"], *(["show", str(key)] for key in keys)):
        call_command("workflows", *words, stdout=io.StringIO())
    assert Workflow.objects.count() == len(list(Workflow.objects.all()))


FIRST = datetime(2, 1, 1, tzinfo=UTC)
MOMENTS = ["infinity", "-infinity", "9999-12-31 23:59+00", "0044-03-15 12:00+00 BC", "0001-01-01 00:00+00"]


COLUMNS = ["workflow.created_at", "task.due_at", "event.sent_at", "delegation.starts_at", "worker.beat_at"]


def test_no_table_takes_a_moment_out_of_reach(started, people):
    started("1")
    Delegation.objects.create(delegator=people.ann, delegate=people.bob, starts_at=FIRST, ends_at=FIRST + timedelta(1))
    Worker.objects.create(name="w", lease=timedelta(1), started_at=FIRST, connected_at=FIRST, beat_at=FIRST)
    for column in COLUMNS:
        table, _, name = column.partition(".")
        for moment in MOMENTS:
            with pytest.raises(IntegrityError) as raised, transaction.atomic(), amending("The test"):
                rows(f"UPDATE pgworkflows_{table} SET {name} = %s", moment)
            broken = raised.value.__cause__.diag.constraint_name
            assert broken in (f"pgworkflows_{table}_moments_in_reach", "pgworkflows_delegation_ends_after_start")


def test_no_table_takes_a_length_of_time_that_none_can_add(people):
    policy = ApprovalPolicy.objects.create(name="p", version=1, fallback_group=Group.objects.get(name="bosses"))
    stage = ApprovalStage(policy=policy, position=1, name="s", time_limit=timedelta(days=900_000))
    with pytest.raises(ValidationError, match="pgworkflows_stage_durations_bounded"):
        stage.full_clean()
    for length in ("1000000 years", "-1 s"):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            rows(
                "INSERT INTO pgworkflows_worker (name, queues, definitions, direct, lease, started_at, connected_at, beat_at) "
                "VALUES ('w', '[]', '{}', false, %s, now(), now(), now())",
                length,
            )
        assert raised.value.__cause__.diag.constraint_name == "pgworkflows_worker_durations_bounded"


def test_start_refuses_it_by_name(started):
    started("1")
    for moment in MOMENTS:
        with pytest.raises(DataError, match=r"tests\.waits: run_after") as raised, transaction.atomic():
            rows("SELECT pgworkflows.start('tests.waits', run_after => %s::timestamptz)", moment)
        assert raised.value.__cause__.sqlstate == "22008"


SINCE_EVER = {"starts_at": "0001-01-01T00:00", "ends_at": "2099-01-01T00:00"}


@pytest.mark.parametrize("zone", ["America/Chicago", "Europe/Berlin", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    "given", [{"ends_at": "9999-12-31T23:59"}, {"starts_at": "0001-01-01T00:00", "ends_at": "2099-01-01T00:00"}]
)
def test_delegation_out_of_reach_is_refused_at_each_door(people, zone, given):
    browser = Client()
    browser.force_login(people.ann)
    with override_settings(TIME_ZONE=zone):
        page = browser.post("/approvals/delegations/", {"user": "bob", **given})
        answer = browser.post("/api/delegations/", {"delegate": "bob", **given}, "application/json")
        assert (page.status_code, answer.status_code) == (422, 400)
        assert "years 2 and 9998" in page.content.decode()
        assert "years 2 and 9998" in answer.json()["errors"][0]["detail"]
    assert not Delegation.objects.exists()


def test_sql_is_bounded_as_python_is(started, settings):
    key, _ = started("1")
    rows("UPDATE pgworkflows_workflowdefinition SET options = options || '{\"largest\": 5000}'")
    large = "x" * 6000
    for call, given in [
        ("send_event(%s, 'paid', to_jsonb(%s::text))", (key, large)),
        ("send_correlated('paid', 'c', to_jsonb(%s::text))", (large,)),
        ("cancel(%s, %s)", (key, large)),
        ("decide(1, 'ann', 'reject', %s)", (large,)),
        ("start('tests.waits', jsonb_build_object('n', %s::text))", (large,)),
    ]:
        with pytest.raises(DatabaseError) as raised, transaction.atomic():
            rows(f"SELECT pgworkflows.{call}", *given)
        assert raised.value.__cause__.sqlstate == "54000", call


@pytest.mark.parametrize("most", ["NULL", "0", "-1"])
def test_delivering_no_number_of_events_ends(db, most):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5s'")
    with pytest.raises(DataError, match="deliver"), transaction.atomic():
        rows(f"SELECT pgworkflows.deliver({most})")


def test_whole_numbers_are_keys_by_their_digits(started, pgworkflows):
    @workflow(name="tests.numbered")
    def numbered(n: int) -> object:
        return wait_for_event("paid", correlation=n)

    run = numbered.using(key=7).start(8)
    assert (run.key, numbered.using(key="7").start(8).pk) == ("7", run.pk)
    send_event("paid", "yes", correlation=8, key=9)
    send_event("paid", "no", correlation="8", key="9")
    pgworkflows.run_workflows()
    assert Workflow.objects.get(pk=run.pk).result == "yes"
    with pytest.raises(TypeError, match=r"tests\.numbered: the key must be text, not True"):
        numbered.using(key=True)
