"""System checks: the message is the problem, the hint the remedy."""

import datetime
import os
import random
import re
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import checks
from django.db import NotSupportedError, OperationalError, connections
from django.test import override_settings
from django.utils import timezone

import pgworkflows
from pgworkflows import sql, step, workflow
from pgworkflows.checks import check_deployment, check_project, check_server, deployment, installation
from pgworkflows.definitions.registry import autodiscover, registry
from pgworkflows.executors import processes

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


EXECUTORS = (
    'a dict such as {"heavy": ("shop.executors.make", 8)}: by name, a callable or dotted path that makes an executor, '
    "and how many calls may be in flight there (1 or more)"
)


async def do_async() -> None: ...


def found(**given):
    with override_settings(PGWORKFLOWS=given):
        return check_project()


def only(messages):
    (message,) = messages
    return message.id.removeprefix("pgworkflows."), message.msg, message.hint


@pytest.fixture
def other_database(monkeypatch):
    """Give an alias `other` with the given entry of DATABASES."""

    def give(**entry):
        known = connections.configure_settings({"default": entry})["default"]
        monkeypatch.setitem(connections.settings, "other", known)
        monkeypatch.setitem(connections.databases, "other", known)

    yield give
    if hasattr(connections._connections, "other"):
        del connections["other"]


def test_this_project_has_no_faults():
    assert check_project() == []


def test_every_check_is_registered():
    registered = checks.registry.registry.get_checks(include_deployment_checks=True)
    assert {check_project, check_server, check_deployment} <= set(registered)


def test_settings_must_be_a_dict():
    with override_settings(PGWORKFLOWS=["LEASE"]):
        assert only(check_project()) == ("E001", "PGWORKFLOWS is ['LEASE'].", "Make it a dict, or leave it out.")


def test_unknown_key_names_the_nearest():
    code, message, hint = only(found(BATCHSIZE=5))
    assert (code, message) == ("E001", "PGWORKFLOWS has an unknown key 'BATCHSIZE'.")
    assert hint.startswith("Did you mean 'BATCH_SIZE'? It knows BASE_URL, BATCH_SECONDS, BATCH_SIZE, ")


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("BATCH_SIZE", 0, "a whole number of 1 or more"),
        ("BATCH_SIZE", "50", "a whole number of 1 or more"),
        ("CONCURRENCY", True, "a whole number of 1 or more"),
        ("BATCH_SECONDS", -1, "a timedelta or a number of seconds, more than 0"),
        ("LEASE", None, "a timedelta or a number of seconds, more than 0"),
        ("POLL_INTERVAL", float("inf"), "a timedelta or a number of seconds, more than 0"),
        ("EXECUTORS", {"heavy": 7}, EXECUTORS),
        ("EXECUTORS", {"heavy": (ThreadPoolExecutor, 0)}, EXECUTORS),
        ("EXECUTORS", ["heavy"], EXECUTORS),
        ("ENTER", 7, "a callable, a dotted path or None"),
        ("REDACT", "password", "a list of keys"),
        ("BASE_URL", None, 'text such as "https://shop.example.com"'),
        ("DUE", 3, "a callable, a dotted path or None"),
    ],
)
def test_wrong_value_says_what_is_right(key, value, wanted):
    message = f"PGWORKFLOWS[{key!r}] is {value!r}."
    assert only(found(**{key: value})) == ("E002", message, f"Set it to {wanted}.")


def test_lease_must_outlast_three_beats():
    code, message, hint = only(found(LEASE=1, HEARTBEAT=datetime.timedelta(seconds=0.5)))
    assert code == "E002"
    assert message == (
        "PGWORKFLOWS['LEASE'] is 1 s, which is less than 3 times HEARTBEAT (0.5 s): a living worker would be taken for dead."
    )
    assert hint == "Make LEASE longer or HEARTBEAT shorter."


def test_durations_may_be_timedeltas():
    assert found(LEASE=datetime.timedelta(minutes=1), POLL_INTERVAL=datetime.timedelta(seconds=2)) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("no.such.module", "ModuleNotFoundError: No module named 'no'"),
        ("math.nothing", 'ImportError: Module "math" does not define a "nothing" attribute/class'),
        ("math.pi", "it is not callable"),
    ],
)
@pytest.mark.parametrize(("given", "place"), [("EXECUTORS", "['EXECUTORS']['heavy']"), ("ENTER", "['ENTER']")])
def test_path_must_be_importable(given, place, path, problem):
    code, message, _ = only(found(**{given: {"heavy": (path, 8)} if given == "EXECUTORS" else path}))
    assert (code, message) == ("E003", f"PGWORKFLOWS{place} is {path!r}, which cannot be used: {problem}.")


def test_importable_executors_are_fine():
    path = "concurrent.futures.ThreadPoolExecutor"
    assert found(EXECUTORS={"default": path, "a": (path, 8), "b": ThreadPoolExecutor, "c": processes(2)}) == []


def test_step_must_ask_for_an_executor_that_is_there():
    @step(atomic=False, executor="claster")
    def remote() -> None: ...

    @remote.compensation(atomic=False, executor="cluster")
    def undo(*, result: None) -> None: ...

    code, message, hint = only(found(EXECUTORS={"cluster": ThreadPoolExecutor}))
    assert code == "E020"
    assert message.startswith(f"Step {remote.name} asks for executor 'claster', which PGWORKFLOWS['EXECUTORS'] does not have (")
    assert hint.startswith("It has cluster, default.")


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (lambda: None, {}, "is for outside steps. Declare it with @step(atomic=False)."),
        (do_async, {"atomic": False}, "is for plain def: `async def` steps run on the worker's own loop."),
    ],
)
def test_executor_is_for_outside_steps_of_plain_def(function, options, message):
    with pytest.raises(TypeError, match=re.escape(f"(executor=) {message}")):
        step(executor="heavy", name="odd", **options)(function)


def test_number_of_processes_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match=re.escape("processes(0) must be 1 or more.")):
        processes(0)


def test_old_django_fsm_beside_ours(monkeypatch):
    monkeypatch.setattr(installation, "_installed", lambda name: name == "django-fsm")
    assert only(check_project())[:2] == (
        "E004",
        "The distribution django-fsm is installed: it overwrites the module of django-fsm-2.",
    )


def test_only_installed_distributions_are_found():
    assert installation._installed("django-fsm-2")
    assert not installation._installed("django-fsm")


def test_alias_must_exist():
    assert only(found(DATABASE="nowhere")) == (
        "E005",
        "PGWORKFLOWS['DATABASE'] is 'nowhere', which DATABASES does not have.",
        "Use one of its aliases: default.",
    )


def test_alias_must_be_postgresql(other_database):
    other_database(**SQLITE)
    assert only(found(DATABASE="other"))[:2] == ("E006", "The database 'other' is SQLite, not PostgreSQL.")


def test_psycopg_2_is_refused(monkeypatch):
    monkeypatch.setattr(installation, "_is_psycopg3", lambda: False)
    assert only(check_project()) == (
        "E007",
        "Django uses psycopg 2.",
        'Install psycopg 3: `pip install "psycopg[binary]>=3.2"`.',
    )


@pytest.mark.parametrize("options", [{"isolation_level": 4}, {"options": "-c default_transaction_isolation=repeatable\\ read"}])
def test_other_isolation_is_refused(other_database, options):
    other_database(ENGINE="django.db.backends.postgresql", NAME="x", OPTIONS=options)
    code, message, _ = only(found(DATABASE="other"))
    assert code == "E008"
    assert message.startswith("The database 'other' has the isolation level ")


@pytest.mark.parametrize(
    "options", [{}, {"isolation_level": 2}, {"options": "-c default_transaction_isolation=read\\ committed"}]
)
def test_read_committed_is_fine(other_database, options):
    other_database(ENGINE="django.db.backends.postgresql", NAME="x", OPTIONS=options)
    assert found(DATABASE="other") == []


def test_old_server_is_refused(monkeypatch):
    monkeypatch.setitem(connections["default"].__dict__, "pg_version", 140010)
    assert only(check_server(databases=["default"])) == (
        "E009",
        "The server of database 'default' is too old: it is PostgreSQL 14.",
        "Use PostgreSQL 15 or newer.",
    )


@pytest.mark.parametrize(("error", "ids"), [(NotSupportedError("too old"), ["pgworkflows.E009"]), (OperationalError(), [])])
def test_server_that_refuses_or_is_away(monkeypatch, error, ids):
    class Broken(type(connections["default"])):
        @property
        def pg_version(self):
            raise error

    monkeypatch.setattr(connections["default"], "__class__", Broken)
    assert [message.id for message in check_server(databases=["default"])] == ids


def test_server_is_left_alone_unless_asked_for():
    assert check_server(databases=None) == []
    assert check_server(databases=["other"]) == []


@pytest.mark.django_db
def test_this_server_is_new_enough():
    assert check_server(databases=["default"]) == []


def test_module_that_fails_to_import(monkeypatch, tmp_path, settings):
    package = tmp_path / "broken_app"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "workflows.py").write_text("raise RuntimeError('not today')")
    monkeypatch.syspath_prepend(tmp_path)
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "broken_app"]
    autodiscover()
    code, message, _ = only(check_project())
    assert (code, message) == ("E010", "broken_app.workflows cannot be imported: RuntimeError: not today")
    sys.modules.pop("broken_app")


def test_two_steps_of_one_name():
    @step(name="shop.reserve")
    def one() -> None: ...

    @step(name="shop.reserve")
    def other() -> None: ...

    code, message, hint = only(check_project())
    assert (code, hint) == ("E011", "Give one of them another name, as in @step(name=...).")
    assert message.startswith("Two steps are named shop.reserve: ")
    assert message.count("test_checks.py:") == 2


def test_two_workflows_of_one_name():
    @workflow(name="shop.ship")
    def one(order_id: int) -> None: ...

    @workflow(name="shop.ship")
    def other(order_id: int) -> None: ...

    code, message, _ = only(check_project())
    assert code == "E012"
    assert message.startswith("Two workflows are named shop.ship version 1: ")
    assert registry.workflows["shop.ship", 1].function.__name__ == "one"


def test_default_that_cannot_be_stored():
    @workflow(name="shop.ship")
    def ship(order_id: int, box: object = object()) -> None: ...

    code, message, hint = only(check_project())
    assert (code, hint[:9]) == ("E014", "Use None,")
    assert message.startswith("shop.ship: the default of argument 'box' cannot be stored: ")
    assert "test_checks.py:" in message


def test_copied_workflow_without_new_version():
    @workflow
    def ship(order_id: int) -> None: ...

    @workflow
    def ship(order_id: int, express: bool) -> None: ...  # noqa: F811 - the mistake itself

    code, message, hint = only(check_project())
    assert code == "E013"
    assert " different arguments, (order_id: int) -> None and (order_id: int, express: bool) -> None: " in message
    assert hint == "Keep the older one, and declare the newer one with @workflow(version=2)."


def test_versions_side_by_side_are_fine():
    @workflow(name="shop.ship")
    def one(order_id: int) -> None: ...

    @workflow(name="shop.ship", version=2)
    def other(order_id: int, express: bool) -> None: ...

    assert check_project() == []


def uses(body):
    """Return which expressions of the body are warned about."""
    workflow(name="tests.uses")(body)
    messages = check_project()
    assert {message.id for message in messages} <= {"pgworkflows.W001"}
    return [message.msg.partition(" uses ")[2].partition(", whose")[0] for message in messages]


def test_body_that_reads_clocks():
    def body() -> None:
        datetime.datetime.now()
        timezone.now()
        datetime.date.today()
        time.monotonic()

    assert uses(body) == ["datetime.datetime.now()", "timezone.now()", "datetime.date.today()", "time.monotonic()"]


def test_body_that_throws_dice():
    def body() -> None:
        if random.random() < 0.5:
            [uuid.uuid4() for _ in range(3)]
        os.environ["HOME"]
        os.getenv("HOME")

    assert sorted(uses(body)) == ["os.environ", "os.getenv('HOME')", "random.random()", "uuid.uuid4()"]


def test_warning_has_file_line_and_remedy():
    def body() -> None:
        time.sleep(3)

    workflow(name="tests.sleeps")(body)
    (warning,) = check_project()
    line = body.__code__.co_firstlineno + 1
    assert warning.msg == (
        f"{__file__}:{line}: the body of tests.sleeps uses time.sleep(3), whose answer differs when the body is run again."
    )
    assert warning.hint == "Use pgworkflows.sleep(), which holds no worker, or do it in a @step."
    assert warning.obj == "tests.sleeps"


def test_imports_inside_a_body_are_followed():
    def body() -> None:
        import random as dice
        from time import monotonic

        dice.randint(1, 6)
        monotonic()

    assert uses(body) == ["dice.randint(1, 6)", "monotonic()"]


def test_recorded_twins_are_not_warned_about():
    from pgworkflows import now, random, sleep, uuid4

    def body(order_id: str) -> None:
        now()
        random()
        uuid4()
        sleep(60)
        pgworkflows.now()
        uuid.UUID(order_id)

    assert uses(body) == []


def test_local_names_are_not_taken_for_modules():
    def body(time: list[int]) -> None:
        random = time
        random.random()
        time.time()

    assert uses(body) == []


def deployed(code):
    """Return what `check --deploy` says under one number."""
    return [message for message in check_deployment() if message.id == f"pgworkflows.{code}"]


def execute(statement):
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_owner_among_the_application_roles():
    _, message, _ = only(deployed("W002"))
    assert message.endswith("history is guarded against accident, not against the application.")
    assert deployed("I001") == deployed("W003") == []


@pytest.mark.django_db
def test_application_role_that_owns_nothing(clerk):
    execute("SET LOCAL ROLE clerk")
    _, message, _ = only(deployed("I001"))
    assert message.startswith("The application connects as 'clerk' and the tables belong to ")
    assert deployed("W002") == deployed("W003") == []


@pytest.mark.django_db
def test_application_that_decides_for_anybody(clerk):
    execute("GRANT USAGE ON SCHEMA pgworkflows TO clerk")
    execute("GRANT EXECUTE ON FUNCTION pgworkflows.decide TO clerk; SET LOCAL ROLE clerk")
    _, message, _ = only(deployed("W003"))
    assert message.startswith("The application connects as 'clerk', which may call pgworkflows.decide() ")


RESTORE = (
    "".join(f"ALTER TABLE pgworkflows_{name} ENABLE ALWAYS TRIGGER {name}_no_truncate;" for name in sql.table_names())
    + "ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger;"
)


@pytest.mark.django_db
def test_guards_that_are_lifted():
    execute(RESTORE)  # what the test database lacks
    assert deployed("W004") == []
    execute("ALTER TABLE pgworkflows_history ENABLE TRIGGER history_append_only")  # but not always
    execute("DROP TRIGGER task_updated ON pgworkflows_task")
    _, message, _ = only(deployed("W004"))
    assert message == (
        "Triggers that guard workflows and their history are missing or switched off: history_append_only, task_updated."
    )


CHANGED = {
    "CREATE OR REPLACE FUNCTION pgworkflows.refuse_removal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'":
        "Functions are not as they were shipped: refuse_removal.",
    "DROP FUNCTION pgworkflows.cancel": "Functions are not as they were shipped: cancel.",
    "CREATE RULE quiet AS ON INSERT TO pgworkflows_event DO INSTEAD NOTHING":
        "Rules rewrite what is done to our tables: quiet on pgworkflows_event.",
    "GRANT EXECUTE ON FUNCTION pgworkflows.decide TO PUBLIC": "Functions are open to everybody: decide.",
    "ALTER FUNCTION pgworkflows.task_updated() SECURITY INVOKER": "Functions are not as they were shipped: task_updated.",
    "CREATE TRIGGER quiet BEFORE INSERT ON pgworkflows_task EXECUTE FUNCTION pgworkflows.refuse_truncate()":
        "Triggers on our tables are not as they were shipped: quiet on pgworkflows_task.",
    "DROP TRIGGER decision_kept ON pgworkflows_decision; CREATE TRIGGER decision_kept BEFORE DELETE ON pgworkflows_decision"
    " FOR EACH ROW WHEN (false) EXECUTE FUNCTION pgworkflows.refuse_answer_change()":
        "Triggers on our tables are not as they were shipped: decision_kept on pgworkflows_decision.",
    "GRANT SELECT ON pgworkflows_decision TO PUBLIC":
        "Grants on our tables let others evade the guards: SELECT on pgworkflows_decision to everybody.",
    "GRANT INSERT ON pgworkflows_history TO pg_monitor":
        "Grants on our tables let others evade the guards: INSERT on pgworkflows_history to pg_monitor.",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("statement", "said"), CHANGED.items())
def test_what_is_not_as_it_was_shipped(statement, said):
    assert deployed("W009") == []
    execute(statement)
    _, message, _ = only(deployed("W009"))
    assert message == said


@pytest.mark.django_db
def test_settings_that_break_promises():
    before = [message.msg for message in deployed("W005")]
    execute("SET LOCAL synchronous_commit = off")
    said = [message.msg for message in deployed("W005") if message.msg not in before]
    assert said == [
        "The application's sessions have synchronous_commit = 'off': a crash of the server loses what it had said was committed.",
    ]
    execute("SET LOCAL synchronous_commit = remote_apply")
    assert [message.msg for message in deployed("W005")] == before


SESSIONS = {
    "default_transaction_isolation": ("serializable", "read committed", "E008"),
    "default_transaction_read_only": ("on", "off", "E017"),
    "DateStyle": ("German, DMY", "ISO", "E017"),
    "IntervalStyle": ("iso_8601", "postgres", "E017"),
    "array_nulls": ("off", "on", "E017"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_that_cannot_work(name):
    value, wanted, number = SESSIONS[name]
    execute(f"SET LOCAL {name} = '{value}'")
    code, message, hint = only(check_server(databases=["default"]))
    assert code == number
    assert message.startswith(f"The sessions of database 'default' have {name} = '{value}': ")
    assert hint == f"ALTER ROLE or ALTER DATABASE ... SET {name} = '{wanted}', or -c {name}=... in OPTIONS['options']."


@pytest.mark.django_db
def test_schema_in_front_of_ours_changes_nothing():
    before = [message.msg for message in check_deployment()]
    execute("CREATE SCHEMA tenant; SET LOCAL search_path = tenant, public")
    assert check_server(databases=["default"]) == []
    assert [message.msg for message in check_deployment()] == before


@pytest.mark.django_db
def test_functions_that_serve_tables_elsewhere():
    execute("CREATE SCHEMA tenant; SET LOCAL search_path = tenant")
    assert only(check_server(databases=["default"])) == (
        "E021",
        "The functions in schema pgworkflows serve the tables in 'public', which this connection does not find.",
        "One database holds one installation: put that schema into the connection's search_path to use it, or migrate in a "
        "database of its own.",
    )


@pytest.mark.django_db
def test_tables_that_were_moved():
    execute("CREATE SCHEMA moved; ALTER TABLE pgworkflows_workflow SET SCHEMA moved; SET LOCAL search_path = moved, public")
    code, message, hint = only(check_server(databases=["default"]))
    assert code == "E021"
    assert message == "The tables were moved to schema 'moved', and the functions in schema pgworkflows look elsewhere."
    assert "migrate --skip-checks pgworkflows 0001_tables" in hint


@pytest.mark.django_db
def test_owner_is_not_asked_without_tables(monkeypatch):
    monkeypatch.setattr(deployment, "OWNER", deployment.OWNER.replace("pgworkflows_history", "no_such_table"))
    assert check_deployment() == []
