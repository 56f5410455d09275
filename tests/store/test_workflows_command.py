"""`manage.py workflows`."""

import datetime
import getpass
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.test import override_settings

from pgworkflows import request_approval, schedule, set_state, step, wait_for_event, workflow
from pgworkflows.management.terminal.finding import find
from pgworkflows.models import Event, History, Schedule, Workflow
from pgworkflows.store.definitions import write_definition
from pgworkflows.store.schedules.declared import write_declared
from pgworkflows.store.workers import register
from tests.ledger.models import Account


def run(*words):
    out = StringIO()
    call_command("workflows", *words, stdout=out)
    return out.getvalue()


def refused(*words):
    with pytest.raises(CommandError) as raised:
        run(*words)
    return str(raised.value)


@pytest.fixture
def ship(db):
    @step(name="tests.pack")
    def pack(order_id: int) -> dict[str, str]:
        return {"box": "small", "token": "t0psecret"}

    @pack.compensation
    def unpack(order_id: int, result: object) -> None: ...

    @workflow(name="tests.ship")
    def body(order_id: int, price: Decimal = Decimal(1), password: str = "") -> str:
        set_state("PACKING")
        pack(order_id)
        return wait_for_event("delivered", timeout=datetime.timedelta(days=2))

    write_definition(body)
    return body


@pytest.fixture
def live_worker(db):
    return register("w", queues=["default"], definitions={"tests.ship:1": ""}, direct=False, lease=30)


def test_list_shows_a_line_each_newest_first(ship, live_worker, pgworkflows):
    first = ship.start(1)
    pgworkflows.run_workflows()
    second = ship.start(2)
    heading, *lines = run("list").splitlines()
    assert heading.split() == ["ID", "NAME", "VERSION", "STATUS", "STATE", "QUEUE", "CREATED", "WAITS", "FOR"]
    assert [line.split()[0] for line in lines] == [str(second.pk), str(first.pk)]
    assert "tests.ship  1        WAITING  PACKING  default" in lines[1]
    assert "  the event “delivered”, until " in lines[1]


def test_long_text_moves_the_rest_of_its_own_line_only(ship, pgworkflows):
    ship.start(1)
    ship.using(queue="q" * 200).start(2)
    pgworkflows.run_workflows()
    assert max(map(len, run("list", "--name", "tests.ship", "--limit", "2").splitlines()[2:])) < 250
    assert "q" * 200 in run("list")


def test_list_marks_what_no_live_worker_takes(ship, live_worker, pgworkflows):
    known, elsewhere = ship.start(1), ship.using(queue="slow").start(2)
    lines = {line.split()[0]: line for line in run("list").splitlines()[1:]}
    assert lines[str(elsewhere.pk)].endswith("! no live worker takes it")
    assert not lines[str(known.pk)].endswith("! no live worker takes it")
    pgworkflows.move_clock(datetime.timedelta(seconds=31))
    assert run("list").count("! no live worker takes it") == 2


def test_list_leaves_out_what_is_not_asked_for(ship):
    kept, ended = ship.start(1), ship.start(2)
    ended.cancel("over")
    assert str(kept.pk) not in run("list", "--status", "cancelled")
    assert str(ended.pk) in run("list", "--status", "CANCELLED", "--name", "tests.ship")
    assert run("list", "--name", "tests.other") == "No workflows.\n"
    assert run("list", "--limit", "1").splitlines()[-1] == "Only the newest 1 are shown; see --limit."


def test_list_refuses_an_unknown_status(db):
    assert "invalid choice: 'ODD'" in refused("list", "--status", "odd")


def test_show_tells_everything(ship, pgworkflows):
    account = Account.objects.create()
    started = ship.using(subject=account, requested_by="ann", key="k7").start(7, password="s3cret")
    pgworkflows.run_workflows()
    started.send_event("other", {"a": 1}, by="bob")
    shown = run("show", str(started.pk))
    assert shown.startswith("tests.ship version 1\n")
    for fact in (
        "  status        WAITING (! no worker is alive: start `manage.py runworkflows`)\n",
        "  state         PACKING\n",
        "  waits for     the event “delivered”, until ",
        "  queue         default, priority 0\n",
        "  key           k7\n",
        f"  subject       ledger.account:{account.pk}\n",
        "  requested by  ann\n",
        '  arguments     {"price": {"$decimal": "1"}, "order_id": 7, "password": "[hidden]"}\n',
    ):
        assert fact in shown
    assert "s3cret" not in shown
    assert "t0psecret" not in shown
    packed = next(line.split()[:4] for line in shown.splitlines() if "tests.pack" in line)
    assert packed == ["2", "STEP", "tests.pack", "COMPLETED"]
    assert [line.split()[0] for line in shown.splitlines() if "bob" in line] == ["other"]
    history = shown.partition("\nHistory\n")[2].splitlines()
    assert [line.split()[2] for line in history[1:]] == ["start", "state", "task_complete", "task_wait", "wait"]


def test_show_tells_who_was_asked(pgworkflows, django_user_model):
    ann, _ = (django_user_model.objects.create_user(name) for name in ("ann", "bob"))

    @workflow
    def body() -> None:
        request_approval("Release", users=["ann", "bob"], quorum=2)

    started = body.using(requested_by="cy").start()
    pgworkflows.run_workflows()
    started.approvals.get().approve(ann)
    approvals = run("show", str(started.pk)).partition("\nApprovals\n")[2].splitlines()
    shown = [str(started.approvals.get().pk), "Release", "PENDING", "ann,", "bob", "ann:", "approve", "cy"]
    assert approvals[1].split() == shown


def test_show_tells_the_error(pgworkflows):
    @step
    def look(password: str) -> None:
        raise LookupError(f"nothing there for {password}")

    @workflow
    def body(password: str) -> None:
        look(password)

    started = body.start("sesame-4711")
    pgworkflows.run_workflows()
    shown = run("show", str(started.pk))
    assert "  error         LookupError: nothing there for [hidden]\n" in shown
    assert "sesame-4711" not in shown
    frames = [line.rpartition(" in ")[2] for line in shown.splitlines() if line.lstrip().startswith("File ")]
    assert set(frames) == {"look", "body"}


def test_beginning_of_an_id_is_enough(ship):
    started = ship.start(1)
    assert find(str(started.pk)[:30]) == find(started.pk.hex[:26].upper()) == find(str(started.pk)) == started


def test_beginning_that_several_share_is_refused(ship):
    first, second = Workflow.objects.order_by("id").filter(pk__in=[ship.start(1).pk, ship.start(2).pk])
    assert refused("show", str(first.pk)[:8]) == (
        f"Several workflows have an id that begins with {str(first.pk)[:8]}:\n"
        f"  {first.pk}  tests.ship\n  {second.pk}  tests.ship\nType more of it."
    )


@pytest.mark.parametrize("typed", ["xyz", "", "0" * 33])
def test_what_is_no_id_is_refused(db, typed):
    message = f"{typed!r} is no id of a workflow, nor the beginning of one. `manage.py workflows list` shows ids."
    assert refused("show", typed) == message


def test_id_that_is_not_there_is_refused(db):
    assert refused("show", "0199") == "No workflow has an id that begins with 0199. `manage.py workflows list` shows ids."


def test_definitions_say_which_version_may_go(ship, live_worker):
    @workflow(name="tests.ship", version=2)
    def newer(order_id: int) -> None: ...

    lines = {tuple(line.split()[:2]): line.split(None, 6)[2:] for line in run("definitions").splitlines()}
    assert lines["tests.ship", "1"] == ["yes", "1", "0", "0", "may be deleted from the code"]
    assert lines["tests.ship", "2"] == ["yes", "0", "0", "0"]
    ship.start(1)
    lines = {tuple(line.split()[:2]): line.split(None, 6)[2:] for line in run("definitions").splitlines()}
    assert lines["tests.ship", "1"] == ["yes", "1", "1", "0"]


def test_definitions_tell_of_runs_without_code(ship):
    ship.start(1)
    Workflow.objects.update(name="tests.gone")
    (line,) = [line for line in run("definitions").splitlines() if "tests.gone" in line]
    assert line.split(None, 6)[1:] == ["1", "no", "0", "1", "0", "! put it back: its runs need it"]


def test_start_converts_arguments_and_tells_who(ship):
    said = run("start", "tests.ship", "--kwargs", '{"order_id": 7, "price": "2.50"}', "--key", "k", "--priority", "5")
    started = Workflow.objects.get()
    assert said == f"{started.pk} tests.ship is PENDING.\n"
    assert started.kwargs == {"order_id": 7, "price": {"$decimal": "2.50"}, "password": ""}
    assert (started.key, started.priority, started.requested_by_name) == ("k", 5, getpass.getuser())
    row = History.objects.get()
    assert (row.actor, row.channel) == (getpass.getuser(), "terminal")


def test_start_of_a_version(ship):
    @workflow(name="tests.ship", version=2)
    def newer() -> None: ...

    run("start", "tests.ship")
    run("start", "tests.ship", "--version", "1", "--kwargs", '{"order_id": 7}')
    assert list(Workflow.objects.order_by("created_at").values_list("version", flat=True)) == [2, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tests.shop"], "No workflow is named tests.shop. Did you mean tests.ship?"),
        (["zzz"], "No workflow is named zzz. There are "),
        (["tests.ship"], "tests.ship(order_id: int, price: decimal.Decimal = "),
        (["tests.ship", "--kwargs", '{"order": 7}'], "tests.ship(order_id"),
        (["tests.ship", "--kwargs", "7"], "Error: argument --kwargs: '7' is not a JSON object, such as '{\"order_id\": 7}'"),
        (["tests.ship", "--kwargs", "{order_id: 7}"], "Error: argument --kwargs: '{order_id: 7}' is not JSON: "),
        (
            ["tests.ship", "--kwargs", '{"order_id": "x"}'],
            "tests.ship: argument 'order_id' cannot be read as <class 'int'>: 'x' is not int",
        ),
        (["tests.ship", "--kwargs", '{"order_id": 7}', "--priority", "200"], "tests.ship: priority 200 is not between"),
        (["tests.ship", "--version", "3"], "tests.ship has no version 3 in this code. It has 1."),
    ],
)
def test_wrong_start_says_what_is_wrong(ship, words, message):
    assert refused("start", *words).startswith(message)
    assert not Workflow.objects.exists()


def test_start_with_a_taken_key_is_refused(ship):
    ship.using(key="k").start(1)
    assert refused("start", "tests.ship", "--kwargs", '{"order_id": 2}', "--key", "k").startswith(
        "Key 'k' of tests.ship belongs to workflow "
    )


def test_cancel_at_once_and_on_request(ship, pgworkflows, django_user_model):
    django_user_model.objects.create_user("ann")
    fresh, packed = ship.start(1), ship.start(2)
    assert run("cancel", str(fresh.pk), "--reason", "twice", "--by", "ann") == f"{fresh.pk} tests.ship is CANCELLED.\n"
    pgworkflows.run_workflows()
    said = run("cancel", str(packed.pk), "--reason", "twice", "--by", "carrier desk")
    assert said == f"{packed.pk} tests.ship is WAITING. A worker will cancel it.\n"
    pgworkflows.run_workflows()
    rows = History.objects.filter(event__in=["cancel", "compensate"]).order_by("id")
    assert list(rows.values_list("workflow", "actor", "note")) == [
        (fresh.pk, "ann", "twice"),
        (packed.pk, "carrier desk", "twice"),
        (packed.pk, "carrier desk", "twice"),
    ]


def test_cancel_of_what_has_ended_is_refused(ship):
    started = ship.start(1)
    started.cancel("over")
    assert refused("cancel", str(started.pk), "--reason", "again") == (
        f"Cannot cancel workflow {started.pk}: it is CANCELLED. Start a new workflow if the work has to be done again."
    )
    assert "the following arguments are required: --reason" in refused("cancel", str(started.pk))


def test_retry_and_compensate(ship, pgworkflows):
    first, second = ship.start(1), ship.start(2)
    pgworkflows.run_workflows()
    Workflow.objects.update(status="BLOCKED")
    assert run("retry", str(first.pk)) == f"{first.pk} tests.ship is PENDING.\n"
    assert run("compensate", str(second.pk), "--reason", "lost") == f"{second.pk} tests.ship is COMPENSATING.\n"
    assert refused("retry", str(second.pk)).startswith(f"Cannot retry workflow {second.pk}: it is COMPENSATING.")


def test_send_event_to_one_and_by_correlation(ship, pgworkflows):
    started = ship.start(1)
    pgworkflows.run_workflows()
    early = run("send-event", "deliverd", "--to", str(started.pk))
    assert early.endswith(" It waits for delivered now; this one is kept until it asks for it.\n")
    said = run("send-event", "delivered", "--to", str(started.pk), "--payload", '"Bob"', "--key", "k")
    assert said == f"Sent delivered to {started.pk} tests.ship.\n"
    pgworkflows.run_workflows()
    assert started.wait(1) == "Bob"
    assert run("send-event", "delivered", "--correlation", "T1") == (
        "Sent delivered under T1. Nobody waits for that now: it is kept until one does.\n"
    )
    assert Event.objects.get(correlation="T1").sent_by == getpass.getuser()
    assert "one of the arguments --to --correlation is required" in refused("send-event", "delivered")
    assert refused("send-event", "x", "--to", str(started.pk)).startswith("Cannot send event 'x' to workflow ")


def test_database_without_our_tables_is_named(execute):
    execute("ALTER TABLE pgworkflows_workflow RENAME TO elsewhere")
    said = refused("list")
    assert "pgworkflows_workflow" in said
    assert "\n" not in said
    assert ". Run `manage.py migrate --database default`" in said


def test_database_out_of_reach_is_named(db, monkeypatch):
    def refuse(*_, **__):
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(connections["default"], "cursor", refuse)
        assert refused("list") == "Database 'default': connection refused"


def test_hidden_keys_are_the_project_s(ship):
    started = ship.start(1, password="s3cret")
    with override_settings(PGWORKFLOWS={"REDACT": ["ORDER_ID"]}):
        assert '"order_id": "[hidden]", "password": "s3cret"' in run("show", str(started.pk))


@pytest.fixture
def hourly(ship) -> Schedule:
    schedule("hourly", ship, kwargs={"order_id": 7}, every=3600, overlap="allow")
    write_declared()
    return Schedule.objects.get()


def test_schedules_are_listed_started_and_filled_in(hourly):
    assert "hourly  tests.ship  every 1:00:00" in run("schedules")
    assert "! no live worker knows its workflow" in run("schedules")
    assert run("trigger", "hourly", "--by", "ann").endswith(" tests.ship is PENDING.\n")
    assert Workflow.objects.get().requested_by_name == "ann"
    filled = ("backfill", "hourly", "--from", "2026-03-01", "--to", "2026-03-01T05:30+00:00")
    assert run(*filled) == "6 begun.\n"
    assert run(*filled) == "0 begun.\n"
    assert run(*filled, "--again") == "6 begun.\n"
    assert refused("trigger", "daily") == "No schedule is named 'daily'. `manage.py workflows schedules` lists them."
    assert refused("backfill", "hourly", "--from", "May", "--to", "June").startswith("'May' is no time, such as 2026-03-01")
    assert refused("backfill", "hourly", "--from", "2026-03-01", "--to", "2999-01-01").startswith(
        "backfill() is for times that are past"
    )
