"""What an administrator has set on a role or a database: a worker does all its work. What a check refuses is in unit/."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, connections
from psycopg import errors

from pgworkflows import request_approval, send_event, set_state, sleep, step, wait_for_event, workflow
from pgworkflows.checks import check_server
from pgworkflows.definitions.workflow import WorkflowFunction
from pgworkflows.models import Approval, Workflow
from tests.ledger.models import Entry
from tests.workers import conninfo

pytestmark = pytest.mark.direct

MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123457, tzinfo=UTC)

# Together, since no two of a group have to do with one another. What a server or an owner does not know is left out.
FINE = {
    "patience": {
        "statement_timeout": "'3s'", "lock_timeout": "'5ms'", "idle_in_transaction_session_timeout": "'300ms'",
        "transaction_timeout": "'3s'", "idle_session_timeout": "'5s'",
    },
    "texts": {
        "TimeZone": "'Asia/Kathmandu'", "DateStyle": "'ISO, DMY'", "lc_messages": "'C'", "lc_numeric": "'C'",
        "client_encoding": "'LATIN1'", "standard_conforming_strings": "off", "bytea_output": "escape",
        "extra_float_digits": "-15", "quote_all_identifiers": "on", "transform_null_equals": "on",
    },
    "plans": {
        "plan_cache_mode": "force_custom_plan", "jit": "on", "jit_above_cost": "0", "work_mem": "'64kB'",
        "enable_indexscan": "off", "debug_parallel_query": "on", "force_parallel_mode": "on",
    },
    "storage": {
        "synchronous_commit": "off", "default_table_access_method": "heap", "row_security": "off",
        "default_transaction_deferrable": "on", "check_function_bodies": "off",
    },
}  # fmt: skip
Set = Callable[[str, str], None]


@pytest.fixture
def set_on_database(transactional_db: None) -> Iterator[Set]:
    """Set something for every session of this database that begins from now on."""
    name = connection.settings_dict["NAME"]
    made: list[str] = []

    def alter(statement: str) -> None:
        with psycopg.connect(conninfo(), autocommit=True) as session:
            session.execute("SET default_transaction_read_only = off")
            session.execute(f'ALTER DATABASE "{name}" {statement}')  # type: ignore[call-overload] # from this file

    def set_to(setting: str, value: str) -> None:
        with suppress(errors.UndefinedObject, errors.InsufficientPrivilege):
            alter(f"SET {setting} = {value}")
            made.append(setting)
            connections.close_all()

    yield set_to
    for setting in made:
        alter(f"RESET {setting}")
    connections.close_all()


@pytest.fixture
def undone() -> list[dict[str, object]]:
    """Collect the results that were undone."""
    return []


@pytest.fixture
def mixed(undone) -> list[WorkflowFunction]:
    """Declare a workflow that has every kind of task and is turned back in the end, and its child."""

    @step
    def price(units: Decimal) -> dict[str, object]:
        Entry.objects.create(name="priced")
        return {"amount": units * Decimal("1.1"), "at": MOMENT, "share": 0.1, "text": "\\x00 ' \\' %s", "none": None}

    @price.compensation
    def unprice(units: Decimal, *, result: dict[str, object]) -> None:
        Entry.objects.create(name="unpriced")
        undone.append(result)

    @step(atomic=False)
    def call(text: str) -> str:
        return text

    @step(atomic=False)
    async def call_async(text: str) -> str:
        return text

    @workflow
    def part() -> int:
        sleep(0.01)
        return 7

    @workflow
    def whole() -> None:
        price(Decimal("2.5"))
        assert call("a\\b'c") == "a\\b'c"
        assert call_async("x") == "x"
        set_state("HALF")
        child = part.start()
        assert wait_for_event("go", correlation="c\\7", timeout=timedelta(hours=1)) == {"by": None}
        assert child.result() == 7
        assert request_approval("Release", users=["ann"], timeout=timedelta(days=1)).approved
        raise ValueError("turned back")

    return [whole, part]


@pytest.mark.parametrize("group", FINE)
def test_worker_does_all_its_work_under(group, set_on_database, mixed, undone, django_user_model, request):
    for setting, value in FINE[group].items():
        set_on_database(setting, value)
    worker, run_until = request.getfixturevalue("worker"), request.getfixturevalue("run_until")
    for definition in mixed:
        worker.know(definition)
    ann = django_user_model.objects.create_user("ann")
    run = mixed[0].start()
    send_event("go", {"by": None}, correlation="c\\7")
    run_until(lambda: Approval.objects.exists() or Workflow.objects.filter(pk=run.pk, finished_at__isnull=False).exists())
    run.refresh_from_db()
    assert (run.status, run.state) == ("WAITING", "HALF"), run.error
    Approval.objects.get().approve(ann)
    run_until(lambda: Workflow.objects.filter(pk=run.pk, finished_at__isnull=False).exists())
    run.refresh_from_db()
    assert (run.status, run.error["message"]) == ("COMPENSATED", "turned back")
    assert undone == [{"amount": Decimal("2.75"), "at": MOMENT, "share": 0.1, "text": "\\x00 ' \\' %s", "none": None}]
    assert list(Entry.objects.order_by("id").values_list("name", flat=True)) == ["priced", "unpriced"]
    assert check_server(databases=["default"]) == []
