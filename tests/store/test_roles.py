"""The application under a role that does not own the tables: everything works, and history is out of its reach."""

import pytest
from django.db import ProgrammingError, connection

from pgworkflows import request_approval, set_state, step, wait_for_event, workflow
from pgworkflows.models import Approval, History, Workflow
from tests.ledger.models import Entry

ROLES = """
CREATE ROLE shop_app;
GRANT USAGE ON SCHEMA public, pgworkflows TO shop_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgworkflows TO shop_app;
REVOKE INSERT, UPDATE, DELETE ON pgworkflows_history FROM shop_app;
REVOKE USAGE ON SEQUENCE pgworkflows_history_id_seq FROM shop_app;
SET LOCAL ROLE shop_app;
"""


@pytest.fixture
def shop_app(db, execute):
    execute(ROLES)
    yield
    if not connection.needs_rollback:
        execute("RESET ROLE")


@pytest.fixture
def everything(db, django_user_model):
    django_user_model.objects.create_user("ann")

    @step
    def note(name: str) -> int:
        return Entry.objects.create(name=name).pk

    @note.compensation
    def forget(name: str, result: int) -> None:
        Entry.objects.filter(pk=result).delete()

    @workflow
    def body() -> str:
        note("one")
        set_state("ASKING")
        if not request_approval("Go on", users=["ann"]).approved:
            raise ValueError("no")
        return wait_for_event("go", correlation="c")

    return body


def test_application_role_runs_everything(everything, shop_app, pgworkflows, django_user_model, execute):
    good, bad = everything.start(), everything.start()
    pgworkflows.run_workflows()
    ann = django_user_model.objects.get()
    Approval.objects.get(workflow=good).approve(ann)
    Approval.objects.get(workflow=bad).reject(ann, comment="no")
    execute("SELECT pgworkflows.send_correlated('go', 'c', '1')")
    pgworkflows.run_workflows()
    assert good.wait(1) == 1
    assert Workflow.objects.get(pk=bad.pk).status == "COMPENSATED"
    assert Entry.objects.count() == 1
    assert set(History.objects.values_list("session_user", flat=True)) == {connection.settings_dict["USER"]}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pgworkflows_history (event) VALUES ('start')",
        "UPDATE pgworkflows_history SET actor = ''",
        "DELETE FROM pgworkflows_history",
        "TRUNCATE pgworkflows_history",
        "ALTER TABLE pgworkflows_history DISABLE TRIGGER history_append_only",
        "SET session_replication_role = replica",
        "DROP FUNCTION pgworkflows.refuse_history_change() CASCADE",
        "CREATE FUNCTION pgworkflows.mine() RETURNS void LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_application_role_cannot_touch_history(shop_app, execute, statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        execute(statement)
