"""Real expense declarations through one workflow and one policy: each sequence of the log, by the verbs alone."""

import os
import re
import subprocess
import sys

import psycopg
import pytest

from demo_shop.demonstration.processes import CHECKOUT
from demo_shop.replay.log import choose, read_log

LOG = CHECKOUT.parent / "shared" / "data" / "domestic_declarations.csv.gz"
pytestmark = pytest.mark.skipif(not LOG.is_file(), reason=f"the log of declarations is not in {LOG.parent}")

CASES = 150
# Paid without ever being submitted; paid while it lay with its employee, sent back by the supervisor.
FORBIDDEN = {"declaration95149", "declaration90815"}

UNASKED_DECISIONS = """
SELECT count(*) FROM pgworkflows_decision d JOIN pgworkflows_approval a ON a.id = d.approval_id
WHERE NOT EXISTS (
  SELECT FROM pgworkflows_approval_groups g JOIN auth_user_groups m ON m.group_id = g.group_id
  WHERE g.approval_id = a.id AND m.user_id = d.user_id)
"""
SAME_PERSON_IN_TWO_STAGES = """
SELECT count(*) FROM (
  SELECT FROM pgworkflows_decision d JOIN pgworkflows_approval a ON a.id = d.approval_id
  GROUP BY a.workflow_id, a.request, d.username HAVING count(DISTINCT a.stage_id) > 1) twice
"""
OTHER_WRITERS = """
SELECT count(*) FROM pgworkflows_history
WHERE event IN ('decide', 'withdraw', 'resubmit') AND (channel <> 'python' OR actor = '')
"""


def replay(environment: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", "replay_declarations", "--log", str(LOG), "--cases", str(CASES)]
    done = subprocess.run(
        command, cwd=CHECKOUT, env={**os.environ, **environment}, text=True, capture_output=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def count(environment: dict[str, str], query: str) -> int:
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        return connection.execute(query).fetchone()[0]


def test_declarations_come_out_as_in_the_log(separate_project):
    said = replay(separate_project)
    assert f"{CASES - len(FORBIDDEN)} of {CASES} cases match in end state and sequence of decisions." in said
    assert "\nSequences: 90\n" in said
    assert set(re.findall(r"^  (declaration\d+): Payment Handled: ", said, re.MULTILINE)) == FORBIDDEN
    assert "Came out otherwise: 0" in said
    assert [count(separate_project, query) for query in (UNASKED_DECISIONS, SAME_PERSON_IN_TWO_STAGES, OTHER_WRITERS)] == [
        0,
        0,
        0,
    ]
    assert count(separate_project, "SELECT count(*) FROM pgworkflows_decision") > 3 * CASES


def test_choice_has_every_sequence():
    cases = read_log(LOG)
    chosen = choose(cases, CASES)
    assert len(cases) == 10_357
    assert len(chosen) == CASES
    assert {case.activities for case in chosen} == {case.activities for case in cases}
