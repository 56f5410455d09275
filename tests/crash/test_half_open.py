"""Connections that are gone without a word to either side: the workflow's row is free after a lease, whatever was under way."""

import subprocess

import pytest
from django.contrib.auth.models import Group

from pgworkflows.models import Workflow
from tests.ledger.workflows import HALF_A_MESSAGE, asks_bosses, cut_off, slow_query
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
    until_all("COMPLETED", 60)
    assert effects() == {"x: tried": 1, "x": 1}


@pytest.mark.parametrize("sent", SENT)
def test_worker_whose_step_waits_for_an_answer_that_is_not_to_come_is_replaced(fleet, effects, sent):
    fleet.settings = {"LEASE": 1.5}
    cut_off.start("x", sent=sent, stopped=False)
    fleet.runworkflows(stdout=subprocess.DEVNULL)
    until_all("COMPLETED", 60)
    assert effects() == {"x: tried": 1, "x": 1}


def test_what_the_server_is_at_work_on_may_take_longer_than_the_lease(fleet):
    """A step's query, and one of users' code in a step of the engine's own."""
    fleet.settings = {"LEASE": 0.5, "DUE": "tests.ledger.workflows.due_after_a_long_query"}
    Group.objects.create(name="bosses").user_set.create(username="ada")
    slow_query.start("x")
    asks_bosses.start("y")
    worker = fleet.worker()
    until(lambda: set(Workflow.objects.values_list("status", flat=True)) == {"COMPLETED", "WAITING"}, "both got on")
    assert worker.poll() is None
