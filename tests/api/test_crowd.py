"""Many people at once, in small; `python -m tests.api.crowd` does it in full."""

import pytest

from tests.api import crowd
from tests.workers import conninfo


@pytest.mark.django_db(transaction=True)
def test_no_decision_is_lost_or_counted_twice(pgworkflows):
    asked = crowd.ask(people=20, approvals=60, seed=7)
    with crowd.server(conninfo(), processes=1, threads=8) as port:
        outcome = crowd.decide_all(asked, port)
    crowd.compare(outcome, 60)
