"""The recorded database, restored by an ordinary owner, migrated, and run to the end of everything."""

from pathlib import Path

import pytest
from django.db import connection

from tests.catalogue import PARTS
from tests.scratch import created

pytestmark = pytest.mark.direct

DUMP = Path(__file__).with_name("database.sql")
GO_ON = """
import django; django.setup()
from pgworkflows import send_event
from pgworkflows.models import Approval, Workflow
Approval.objects.get().approve("ann", comment="yes")
for waits in Workflow.objects.filter(name="upgrade.waits"):
    waits.send_event("go", {"by": "bob"})
send_event("delivered", {"by": "carrier"}, correlation="D7")
"""
RUNS = "SELECT key, status, result FROM pgworkflows_workflow ORDER BY key"
ENDED = {
    "asks": ("COMPLETED", True),
    "backs_off": ("COMPLETED", None),
    "child": ("COMPLETED", "bob"),
    "correlates": ("COMPLETED", "carrier"),
    "has_child": ("COMPLETED", "bob"),
    "new": ("COMPLETED", "bob"),
    "sleeps": ("COMPLETED", None),
    "undoes": ("COMPENSATED", None),
    "waits": ("COMPLETED", "bob"),
}
BEGUN = "asks backs_off calls child correlates has_child sleeps undoes waits"
SIGNATURES = """
SELECT p.oid::regprocedure::text, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)
FROM pg_proc p WHERE p.pronamespace = 'pgworkflows'::regnamespace
"""
OVERLOAD = "workers of the release before still call these: keep them beside their new signatures for one release"
NO_LONGER_FITS = "tests/upgrade/database.sql is older than the tables. Until 0.1.0 make it anew: python -m tests.upgrade.record"


def test_what_was_under_way_ends_in_the_present_release(db):
    with created("upgraded", "tests.upgrade.settings") as made:
        made.execute(DUMP.read_text(encoding="utf-8"))
        of_the_release = set(made.execute(SIGNATURES))
        made.manage("migrate", "--verbosity", "0")
        made.execute(made.manage("sqlmigrate", "pgworkflows", "0002"))  # until 0.1.0 it is rewritten in place
        with connection.cursor() as cursor:
            cursor.execute(PARTS["columns"])
            assert set(made.execute(PARTS["columns"])) == set(cursor.fetchall()), NO_LONGER_FITS
        assert of_the_release - set(made.execute(SIGNATURES)) == set(), OVERLOAD
        made.run("-c", GO_ON)
        made.manage("runworkflows", "--drain")
        ended = {key: (status, result) for key, status, result in made.execute(RUNS)}
        status, key = ended.pop("calls")
        assert ended == ENDED
        assert status == "COMPLETED"
        effects = [name for (name,) in made.execute("SELECT name FROM upgrade_effect")]
        assert sorted(effects) == sorted([*BEGUN.split(), "new", "unbooked", key, key])  # the call was made twice under one key
