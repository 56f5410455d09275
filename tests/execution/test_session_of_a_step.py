"""What a step sets in its session does not reach the next workflow, and signs nobody's history."""

from contextlib import suppress

import pytest
from django.db import connection

from pgworkflows import request_approval, step, workflow
from pgworkflows.models import History, Workflow

SEEN = "SELECT current_setting('work_mem'), current_setting('search_path'), current_setting('TimeZone')"


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


CHANGES = {
    "set": "SET work_mem = '77MB'",
    "local": "SET LOCAL work_mem = '77MB'",
    "set_config": "SELECT set_config('work_mem', '77MB', false)",
    "search path": "SET search_path = pg_catalog",
    "time zone": "SET TIME ZONE 'Asia/Tokyo'",
    "actor": "SELECT set_config('pgworkflows.actor', 'eve', true)",
    "script": "SELECT 1; SET work_mem = '77MB'",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("batch", [True, False])
def test_settings_do_not_reach_the_next_workflow(pgworkflows, change, batch):
    before = execute(SEEN)
    seen = []

    @step
    def changes() -> None:
        execute(CHANGES[change])

    @step
    def looks() -> None:
        seen.append(execute(SEEN))

    @workflow(name="hostile", batch=batch)
    def hostile() -> None:
        changes()

    @workflow(name="tame")
    def tame() -> None:
        looks()

    tame.start()
    hostile.start()
    tame.start()
    pgworkflows.run_workflows()
    assert Workflow.objects.filter(status="COMPLETED").count() == 3
    assert seen == [before, before]
    assert execute(SEEN) == before
    assert not History.objects.filter(actor="eve").exists()


@pytest.mark.django_db(transaction=True)
# A pooler keeps the server's session, and with it what closing ours would end.
@pytest.mark.parametrize("change", [*CHANGES, pytest.param("temporary", marks=pytest.mark.direct)])
@pytest.mark.parametrize("fails_itself", [True, False])
def test_settings_of_an_undone_step_reach_neither_its_second_run_nor_the_next(pgworkflows, change, fails_itself):
    sql = CHANGES | {"temporary": "CREATE TEMP TABLE undone ()"}
    looked = f"{SEEN}, to_regclass('undone')"
    before, seen, runs = execute(looked), [], []

    @step
    def changes() -> None:
        seen.append(execute(looked))
        execute(sql[change])
        if fails_itself:
            raise ValueError

    @step
    def fails() -> None:
        runs.append(1)
        raise ValueError

    @step
    def looks() -> None:
        seen.append(execute(looked))

    @workflow(name="hostile")
    def hostile() -> None:
        looks()
        with suppress(ValueError):
            changes()
        with suppress(ValueError):
            fails()

    @workflow(name="tame")
    def tame() -> None:
        looks()

    hostile.start()
    tame.start()
    pgworkflows.run_workflows()
    assert Workflow.objects.filter(status="COMPLETED").count() == 2
    assert len(runs) == 1
    assert [*filter(before.__ne__, seen)] == []
    assert execute(looked) == before


@pytest.mark.direct
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("local", ["", "LOCAL "])
@pytest.mark.parametrize("batch", [True, False])
def test_worker_writes_as_itself_after_a_step_as_another_role(pgworkflows, clerk, local, batch):
    seen = []

    @step
    def as_clerk() -> None:
        execute(f"SET {local}ROLE {clerk}")
        seen.append(execute("SELECT current_user = session_user"))

    @step
    def looks() -> None:
        seen.append(execute("SELECT current_user = session_user"))

    @workflow(name="hostile", batch=batch)
    def hostile() -> None:
        as_clerk()

    @workflow(name="tame")
    def tame() -> None:
        looks()

    hostile.start()
    tame.start()
    pgworkflows.run_workflows()
    assert Workflow.objects.filter(status="COMPLETED").count() == 2
    assert sorted(seen) == [[(False,)], [(True,)]]
    assert History.objects.filter(event="complete").count() == 2


@pytest.mark.direct
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [True, False])
def test_locks_and_temporary_tables_go_with_the_session(pgworkflows, fails):
    @step
    def leaves() -> None:
        execute("CREATE TEMP TABLE left_behind ()")
        execute("SELECT pg_advisory_lock(4711)")
        if fails:
            raise ValueError

    @workflow
    def body() -> None:
        leaves()

    body.start()
    pgworkflows.run_workflows()
    assert execute("SELECT to_regclass('left_behind'), (SELECT count(*) FROM pg_locks WHERE objid = 4711)") == [(None, 0)]


def test_wrappers_of_others_stay(pgworkflows):
    def counting(execute, sql, params, many, context):
        return execute(sql, params, many, context)

    @step
    def installs() -> None:
        connection.execute_wrappers.append(counting)

    @workflow
    def body() -> None:
        installs()

    body.start()
    pgworkflows.run_workflows()
    assert connection.execute_wrappers.count(counting) == 1
    connection.execute_wrappers.remove(counting)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(
    ("change", "seen"),
    [("SET DateStyle = 'German'", "SHOW DateStyle"), ("SET LOCAL search_path = pg_catalog", "SHOW search_path")],
)
def test_engine_starts_and_asks_under_its_own_settings(pgworkflows, django_user_model, batch, change, seen):
    django_user_model.objects.create(username="ann")
    looked = []

    @step
    def changes() -> None:
        execute(change)
        looked.append(execute(seen))

    @step
    def looks() -> None:
        looked.append(execute(seen))

    @workflow(name="small")
    def small() -> None:
        """Nothing."""

    @workflow(name="hostile", batch=batch)
    def hostile() -> None:
        changes()
        small.start()
        looks()
        request_approval("Well?", users=["ann"])

    started = hostile.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, started.error) == ("WAITING", None)
    assert looked[0] == looked[1]
