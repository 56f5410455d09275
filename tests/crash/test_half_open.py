"""Connections that are gone without a word to either side: the workflow's row is free after a lease, whatever was under way."""

import subprocess

import pytest

from tests.ledger.workflows import HALF_A_MESSAGE, cut_off, slow_query
from tests.workers import until, until_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.direct]

#: How much the server got of a message: nothing, or so much that it waits for the rest, where no timeout of its own counts.
SENT = [0, len(HALF_A_MESSAGE)]


@pytest.mark.parametrize("sent", SENT)
def test_what_a_worker_out_of_reach_had_locked_is_free_after_its_lease(fleet, effects, sent):
    fleet.settings = {"LEASE": 1.5}
    cut_off.start("x", sent=sent, stopped=True)
    fleet.worker()
    until(lambda: effects()["x: tried"] == 1, "it has stopped")
    fleet.worker()
    until_all("COMPLETED", 20)
    assert effects() == {"x: tried": 1, "x": 1}


@pytest.mark.parametrize("sent", SENT)
def test_worker_whose_step_waits_for_an_answer_that_is_not_to_come_is_replaced(fleet, effects, sent):
    fleet.settings = {"LEASE": 1.5}
    cut_off.start("x", sent=sent, stopped=False)
    fleet.runworkflows(stdout=subprocess.DEVNULL)
    until_all("COMPLETED", 20)
    assert effects() == {"x: tried": 1, "x": 1}


def test_statement_that_the_server_is_at_work_on_may_take_longer_than_the_lease(fleet, effects):
    fleet.settings = {"LEASE": 0.5}
    slow_query.start("x")
    worker = fleet.worker()
    until_all("COMPLETED", 20)
    assert worker.poll() is None
