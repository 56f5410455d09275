"""What a step may do to the worker's transaction, and what it may not."""

import contextlib
import time

import psycopg
import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import ConnectionHandler
from psycopg import sql

from pgworkflows import Retry, current_step, sleep, step, workflow
from pgworkflows.models import Task, Workflow
from tests.ledger.models import Account, Entry


def run_step(pgworkflows, function, *, neighbour=True):
    """Run the function as a step, between two steps that must keep their rows; return the workflow."""

    @step
    def before() -> None:
        Entry.objects.create(name="before")

    @step(name="hostile")
    def hostile() -> None:
        Entry.objects.create(name="lost")
        function()

    @step
    def after() -> None:
        Entry.objects.create(name="after")

    @workflow
    def body() -> str:
        before()
        try:
            hostile()
        except Exception as error:
            after()
            return f"{type(error).__name__}: {error}"
        after()
        return ""

    started = body.start()
    pgworkflows.run_workflows()
    return started.wait(0)


def swallow():
    with contextlib.suppress(ValueError):
        Entry.objects.create(name="x", account_id="no number")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    except Exception:
        pass


def pipelined_commit():
    with connection.connection.pipeline():
        connection.connection.execute("COMMIT")


ENDINGS = {
    "commit": lambda: transaction.commit(),
    "rollback": lambda: transaction.rollback(),
    "set_rollback": lambda: transaction.set_rollback(True),
    "raw commit": lambda: connection.connection.commit(),
    "raw rollback": lambda: connection.connection.rollback(),
    "raw close": lambda: connection.connection.close(),
    "close": lambda: connection.close(),
    "autocommit": lambda: connection.set_autocommit(True),
    "swallowed": swallow,
    "execute": lambda: connection.cursor().execute("COMMIT"),
    "comment": lambda: connection.cursor().execute("/* x */ -- y\n rollback"),
    "bytes": lambda: connection.cursor().execute(b"COMMIT"),
    "psycopg": lambda: connection.connection.execute("COMMIT"),
    "server binding": lambda: psycopg.Cursor(connection.connection).execute("SELECT 1; COMMIT; BEGIN"),
    "stream": lambda: list(connection.connection.cursor().stream("COMMIT")),
    "copy": lambda: connection.connection.cursor().copy("COMMIT; COPY ledger_entry TO STDOUT").__enter__(),
    "pipeline": pipelined_commit,
    "prepared": lambda: connection.connection.execute("PREPARE TRANSACTION 'x'"),
    "apostrophe": lambda: connection.cursor().execute("SELECT 1; -- don't\nCOMMIT; BEGIN; SELECT 1 -- that's it"),
    "escaped": lambda: connection.cursor().execute(r"SELECT E'\''; COMMIT; BEGIN; SELECT ''"),
    "several": lambda: connection.cursor().execute("SELECT 1; COMMIT; BEGIN"),
    "composed": lambda: connection.cursor().execute(sql.SQL("COMMIT")),
    "durable": lambda: transaction.atomic(durable=True).__enter__(),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending_the_transaction_fails_the_step(pgworkflows, ending):
    told = run_step(pgworkflows, ENDINGS[ending])
    assert told.startswith(("NotAllowed: ", "TransactionManagementError: ", "StepFailed: ")), told
    assert sorted(Entry.objects.values_list("name", flat=True)) == ["after", "before"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", [b"COMMIT", b"ROLLBACK", b"COMMIT; BEGIN", b"ROLLBACK; BEGIN"])
def test_libpq_cannot_checkpoint_what_is_gone(pgworkflows, ending):
    def beneath_psycopg():
        connection.connection.pgconn.exec_(ending)
        connection.cursor().execute("SELECT 1; SELECT 2")

    told = run_step(pgworkflows, beneath_psycopg)
    assert told == (
        "NotAllowed: Step hostile ended the worker's transaction, which also holds its checkpoint. What it wrote before "
        "stands. Take the COMMIT or ROLLBACK out, or use @step(atomic=False)."
    )
    assert Entry.objects.filter(name="after").count() == 1


def copy(name):
    with connection.cursor() as cursor, cursor.copy("COPY ledger_entry (name) FROM STDIN") as rows:
        rows.write_row([name])


def pipeline(name):
    with connection.connection.pipeline():
        connection.connection.execute(INSERT, [name])


def large_object(name):
    connection.connection.execute("SELECT lo_from_bytea(%s, %s)", [4711, name.encode()])
    connection.connection.execute(INSERT, [name])


def inner_transaction(name):
    with connection.connection.transaction():
        connection.connection.execute(INSERT, [name])


INSERT = "INSERT INTO ledger_entry (name) VALUES (%s)"
#: Ways to the server that go past Django's cursors.
PAST_DJANGO = {
    "copy": copy,
    "callproc": lambda name: connection.cursor().callproc("note", [name]),
    "stream": lambda name: list(connection.cursor().stream(f"{INSERT} RETURNING id", [name])),
    "connection": lambda name: connection.connection.execute(INSERT, [name]),
    "cursor": lambda name: connection.connection.cursor().execute(INSERT, [name]),
    "many": lambda name: connection.connection.cursor().executemany(INSERT, [[name]]),
    "server binding": lambda name: psycopg.Cursor(connection.connection).execute(INSERT, [name]),
    "pipeline": pipeline,
    "large object": large_object,
    "transaction": inner_transaction,
}


@pytest.fixture
def note_function(db):
    with connection.cursor() as cursor:
        cursor.execute(f"""CREATE FUNCTION note(r text) RETURNS void LANGUAGE sql AS $$ {INSERT % "r"} $$""")


@pytest.mark.parametrize("way", PAST_DJANGO)
def test_what_goes_past_django_is_undone_with_its_step(pgworkflows, note_function, way):
    @step(retry=Retry(max_attempts=3, initial=0, jitter=False))
    def thrice() -> None:
        PAST_DJANGO[way]("thrice")
        if current_step().attempt < 3:
            raise ValueError

    @step
    def once() -> None:
        PAST_DJANGO[way]("lost")
        raise ValueError

    @workflow
    def body() -> None:
        with contextlib.suppress(ValueError):
            once()
        thrice()

    started = body.start()
    pgworkflows.run_workflows()
    started.wait(0)
    assert list(Entry.objects.values_list("name", flat=True)) == ["thrice"]
    assert [task.attempt for task in Task.objects.order_by("seq")] == [1, 3]


@pytest.mark.parametrize("way", PAST_DJANGO)
def test_what_goes_past_django_is_refused_in_a_body(pgworkflows, note_function, way):
    @workflow
    def body() -> None:
        PAST_DJANGO[way]("body")

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, started.error["type"]) == ("FAILED", "pgworkflows.exceptions:QueryInBody")
    assert not Entry.objects.exists()


def entered(context):
    context.__enter__()
    return context


def half_read():
    rows = connection.connection.cursor().stream("SELECT generate_series(1, 1000)")
    next(rows)
    return rows


@pytest.mark.parametrize(
    "left_open",
    [
        lambda: entered(connection.cursor().copy("COPY ledger_entry (name) FROM STDIN")),
        half_read,
        lambda: entered(connection.connection.pipeline()),
    ],
    ids=["copy", "stream", "pipeline"],
)
@pytest.mark.django_db(transaction=True)
def test_what_a_step_leaves_open_is_charged_to_it(pgworkflows, left_open):
    kept = []
    told = run_step(pgworkflows, lambda: kept.append(left_open()))
    assert told == (
        "NotAllowed: Step hostile left a COPY, a stream or a pipeline open. Use it in a with block, or read it to its end."
    )
    assert sorted(Entry.objects.values_list("name", flat=True)) == ["after", "before"]


@pytest.mark.parametrize("reaching", ["ROLLBACK TO mine", 'ROLLBACK WORK TO SAVEPOINT "mine"', "RELEASE /* x */ MINE"])
def test_savepoint_of_another_step_is_out_of_reach(pgworkflows, reaching):
    @step
    def first() -> None:
        connection.cursor().execute("SAVEPOINT mine")
        Entry.objects.create(name="kept")

    @step
    def second() -> str:
        try:
            connection.cursor().execute(reaching)
        except Exception as error:
            return str(error)

    @workflow
    def body() -> str:
        first()
        return second()

    started = body.start()
    pgworkflows.run_workflows()
    assert "went back to the savepoint 'mine', which it did not set itself" in started.wait(0)
    assert Entry.objects.count() == 1


def test_semicolons_in_text_are_let_through(pgworkflows):
    def harmless():
        connection.cursor().execute("DO $$ BEGIN PERFORM 1; END; $$")
        connection.cursor().execute("SELECT 'a; commit', '; end'")

    assert run_step(pgworkflows, harmless) == ""


def test_inner_atomic_may_fail_and_go_on(pgworkflows):
    def careful():
        try:
            with transaction.atomic():
                Entry.objects.create(name="inner")
                raise KeyError("inner")
        except KeyError:
            pass

    assert run_step(pgworkflows, careful) == ""
    assert sorted(Entry.objects.values_list("name", flat=True)) == ["after", "before", "lost"]


@pytest.mark.django_db(transaction=True)
def test_refused_commit_is_charged_to_its_step(pgworkflows):
    @step
    def bad(name: str) -> None:
        Entry.objects.create(name=name, account_id=999_999 if name == "bad" else None)

    @workflow
    def body(name: str) -> None:
        bad(name)

    body.start_many([{"name": "good"}, {"name": "bad"}, {"name": "fine"}])
    pgworkflows.run_workflows()
    ended = {row.kwargs["name"]: row.status for row in Workflow.objects.all()}
    assert ended == {"good": "COMPLETED", "bad": "FAILED", "fine": "COMPLETED"}
    assert Workflow.objects.get(status="FAILED").error["type"] == "django.db.utils:IntegrityError"
    assert sorted(Entry.objects.values_list("name", flat=True)) == ["fine", "good"]


def test_child_start_survives_a_later_failing_step(pgworkflows):
    @workflow
    def child() -> str:
        return "grown"

    @step
    def lose() -> None:
        Entry.objects.create(name="lost")
        raise ValueError

    @workflow
    def body() -> str:
        handles = []
        for _ in range(2):
            handles.append(child.start())
            with contextlib.suppress(ValueError):
                lose()
        return [handle.result() for handle in handles]

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(0) == ["grown", "grown"]


def test_failed_step_drops_its_hooks_only(pgworkflows, caplog):
    ran = []

    @step
    def hooked(name: str) -> None:
        transaction.on_commit(lambda: ran.append(name))
        if name == "lost":
            raise ValueError
        if name == "broken":
            transaction.on_commit(lambda: 1 / 0)

    @workflow
    def body(name: str) -> None:
        hooked(name)

    body.start_many([{"name": name} for name in ("first", "lost", "broken", "last")])
    pgworkflows.run_workflows()
    assert sorted(ran) == ["broken", "first", "last"]
    assert {r.exc_info[0] for r in caplog.records if "on_commit" in r.getMessage()} == {ZeroDivisionError}


def test_hooks_of_the_caller_stay_theirs(pgworkflows, django_capture_on_commit_callbacks):
    @workflow
    def body() -> None:
        sleep(0)

    with django_capture_on_commit_callbacks() as callbacks:
        transaction.on_commit(lambda: None)
        body.start()
        pgworkflows.run_workflows()
    assert len(callbacks) == 1


def test_outside_step_in_atomic_one_is_refused(pgworkflows):
    @step(atomic=False, name="outside")
    def outside() -> None:
        """Call someone."""

    told = run_step(pgworkflows, outside)
    assert told == (
        "NotAllowed: Step outside is atomic=False and was called inside an atomic step, whose transaction may be run "
        "again or rolled back. Call it from the body."
    )


def test_failing_query_outside_spoils_nothing(pgworkflows):
    @step(atomic=False)
    def outside() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    @workflow
    def body() -> str:
        try:
            outside()
        except Exception as error:
            return type(error).__name__

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(0) == "DataError"


def test_arguments_changed_in_a_step_stay_there(pgworkflows):
    @step
    def grow(basket: list[str]) -> None:
        basket.append("more")

    @workflow
    def body() -> list[str]:
        basket = ["one"]
        grow(basket)
        return basket

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(0) == ["one"]


def test_fresh_row_reaches_the_step(pgworkflows):
    account = Account.objects.create(name="a", units=1)

    @step
    def units(of: Account) -> int:
        return of.units

    @workflow
    def body(account: Account) -> int:
        assert isinstance(account, Account)
        return units(account)

    started = body.start(account)
    Account.objects.update(units=5)
    pgworkflows.run_workflows()
    assert started.wait(0) == 5
    assert IntegrityError


def test_async_step_sees_the_rows_of_the_test(pgworkflows):
    account = Account.objects.create(name="a", units=3)

    @step(atomic=False)
    async def units(of: Account) -> int:
        fresh = await Account.objects.aget(pk=of.pk)
        return fresh.units + of.units

    @workflow
    def body(of: Account) -> int:
        return units(of)

    started = body.start(account)
    pgworkflows.run_workflows()
    assert started.wait(0) == 6


@pytest.fixture
def logs(pgworkflows, tmp_path):
    """Give a second database, under the alias `logs`."""
    known = ConnectionHandler({"default": {}, "logs": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "logs")}})
    with known["logs"].cursor() as cursor:  # a test case lets pass what it did not know when it began
        cursor.execute("CREATE TABLE log (line text)")
        cursor.execute("INSERT INTO log VALUES ('old')")
    connections.settings["logs"], connections["logs"] = known.settings["logs"], known["logs"]
    yield connections["logs"]
    del connections["logs"], connections.settings["logs"]
    known["logs"].close()


def lines(logs):
    with logs.cursor() as cursor:
        cursor.execute("SELECT line FROM log ORDER BY line")
        return [line for (line,) in cursor.fetchall()]


WRITES = [
    "INSERT INTO log VALUES ('new')",
    "/* SELECT */ DELETE FROM log",
    "-- don't\nUPDATE log SET line = 'x'",
    "DROP TABLE log",
]


@pytest.mark.parametrize("sql", WRITES)
def test_writing_to_another_database_is_refused_and_reading_is_not(pgworkflows, logs, sql):
    def hostile():
        assert lines(logs) == ["old"]
        with transaction.atomic(using="logs"), logs.cursor() as cursor:
            cursor.execute(sql)

    told = run_step(pgworkflows, hostile)
    assert told.startswith("NotAllowed: A step of ")
    assert "wrote to the database 'logs'" in told
    assert "@step(elsewhere=('logs',))" in told
    assert lines(logs) == ["old"]


def test_elsewhere_lets_a_step_write_there_and_the_next_one_not(pgworkflows, logs):
    def write() -> None:
        with logs.cursor() as cursor:
            cursor.execute("INSERT INTO log VALUES ('new')")

    allowed = step(elsewhere=("logs",), name="allowed")(write)
    refused = step(name="refused")(write)

    @workflow
    def body() -> None:
        allowed()
        refused()

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, lines(logs)) == ("FAILED", ["new", "old"])


def test_elsewhere_is_aliases_of_an_atomic_step():
    with pytest.raises(TypeError, match=r"elsewhere='logs'\) must be aliases"):
        step(elsewhere="logs")(swallow)
    with pytest.raises(TypeError, match=r"is for atomic steps"):
        step(elsewhere=("logs",), atomic=False)(swallow)


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("budget", "spend", "batches"),
    [(1, lambda: time.sleep(0.3), 1), (0.015, lambda: spin(0.02), 5), (0.015, lambda: time.sleep(0.06), 5)],
    ids=["waiting", "cpu", "clock"],
)
def test_budget_of_a_batch_is_cpu_and_three_times_as_long_by_the_clock(pgworkflows, settings, budget, spend, batches):
    settings.PGWORKFLOWS = {"BATCH_SECONDS": budget}

    @step
    def work() -> None:
        spend()

    @workflow
    def body() -> None:
        work()

    body.start_many([{}] * 5)
    assert pgworkflows.run_workflows().batches == batches
