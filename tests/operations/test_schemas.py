"""Our tables in another schema than the users', and a second installation in the same database."""

from collections.abc import Iterator

import pytest

from tests.scratch import Scratch, database

pytestmark = pytest.mark.direct


@pytest.fixture(scope="module")
def public() -> Iterator[Scratch]:
    """Give a database whose users are in `public`, and ours in `flows`."""
    with database("schemas", "tests.settings", "auth") as made:
        made.execute("CREATE SCHEMA flows; CREATE SCHEMA tenant")
        made.within("flows,public").manage("migrate", "--run-syncdb", "--verbosity", "0")
        yield made


PLAY = """
import django; django.setup()
from django.contrib.auth import get_user_model
from pgworkflows.models import Approval
from pgworkflows.store.connection import query
from pgworkflows.testing import run_workflows
from tests.ledger.workflows import asked, chain, waiting
ann, bob = (get_user_model().objects.create_user(name) for name in ("ann", "bob"))
chain.start("c")
waiting.start("w").send_event("go", {"by": 1})
asked.using(requested_by=bob).start("a")
query("SELECT pgworkflows.start('ledger.quick', %(kwargs)s, requested_by => 'ann')", {"kwargs": '{"name": "s"}'})
run_workflows()
Approval.objects.get().approve(ann, comment="yes")
run_workflows()
"""


def test_ours_in_a_schema_of_their_own(public):
    public.within("flows,public").run("-c", PLAY)
    ran = public.execute("SELECT kwargs ->> 'name', status, requested_by_id FROM flows.pgworkflows_workflow ORDER BY 1")
    assert ran == [("a", "COMPLETED", 2), ("c", "COMPLETED", None), ("s", "COMPLETED", 1), ("w", "COMPLETED", None)]
    assert public.execute("SELECT to_regclass('flows.auth_user'), to_regclass('public.pgworkflows_task')") == [(None, None)]


def test_second_installation_is_refused_before_its_first_table(public):
    """As where each tenant has a record of migrations of its own."""
    public.execute("CREATE TABLE tenant.django_migrations (LIKE django_migrations INCLUDING ALL)")
    with pytest.raises(AssertionError, match=r"The functions in schema pgworkflows serve the tables in 'flows'\. One database"):
        public.within("tenant,flows").manage("migrate", "pgworkflows")
    assert public.execute("SELECT FROM pg_tables WHERE schemaname = 'tenant' AND tablename LIKE 'pgworkflows%'") == []


def test_command_says_where_the_tables_are(public):
    with pytest.raises(AssertionError, match="serve the tables in 'flows', which this connection does not find") as refused:
        public.within("tenant").manage("runworkflows")
    assert "pgworkflows.E021" in str(refused.value)
