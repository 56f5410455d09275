"""What was in hand when a worker died is tried apart: nobody else pays for the one that kills or hangs."""

import subprocess
from collections import Counter

import pytest

from pgworkflows.models import Worker, Workflow
from tests.ledger.models import Entry
from tests.ledger.workflows import hanging_once, poison, poison_after_call, poisonous_call, quick, slow_call, spinning
from tests.workers import children, until

pytestmark = pytest.mark.django_db(transaction=True)


def statuses(name: str) -> Counter[str]:
    return Counter(Workflow.objects.filter(name=f"ledger.{name}").values_list("status", flat=True))


def test_call_that_kills_its_process_is_blocked_and_its_neighbours_are_not(fleet):
    slow_call.start_many([{"name": f"n{n}"} for n in range(5)])
    poisonous_call.start("p")
    supervisor = fleet.runworkflows(stdout=subprocess.DEVNULL)
    until(lambda: statuses("slow_call") == {"COMPLETED": 5}, "the neighbours have completed", 90)
    until(lambda: statuses("poisonous_call") == {"BLOCKED": 1}, "the one that kills is blocked", 90)
    calls = Counter(Entry.objects.values_list("name", flat=True))
    assert calls.pop("p: called") == 5
    # The first death, with all in hand; once more together, apart from everything else; at last each by itself.
    assert all(1 <= count <= 3 for count in calls.values()), calls
    assert set(Workflow.objects.values_list("crashes", flat=True)) == {0}
    until(lambda: len(children(supervisor)) == 1, "the process for suspects has ended")


def test_main_process_goes_on_while_a_step_kills_the_other(fleet):
    poison.start()
    supervisor = fleet.runworkflows(stdout=subprocess.DEVNULL)
    # A try is counted before it is made: only its worker's end says that it was the last.
    until(lambda: Worker.objects.filter(stopped_at__isnull=False), "a worker has died with it, and another taken over")
    main = children(supervisor)[0]
    quick.start_many([{"name": f"q{n}"} for n in range(20)])
    until(lambda: statuses("quick") == {"COMPLETED": 20}, "the neighbours have completed")
    until(lambda: statuses("poison") == {"BLOCKED": 1}, "it is blocked", 90)
    assert main in children(supervisor)
    assert "Step ledger.kill_worker of workflow ledger.poison" in Workflow.objects.get(name="ledger.poison").error["message"]
    assert Entry.objects.filter(name="before the poison").count() == 1


def test_answer_is_recorded_before_the_step_that_kills_runs_again(fleet):
    poison_after_call.start("c")
    fleet.runworkflows(stdout=subprocess.DEVNULL)
    until(lambda: statuses("poison_after_call") == {"BLOCKED": 1}, "it is blocked", 90)
    # Two deaths took the answer with them: the first, and the one when it was tried once more beside others.
    assert Entry.objects.filter(name="c: called").count() <= 3
    assert "Step ledger.kill_worker of workflow" in Workflow.objects.get().error["message"]


def test_body_that_spins_costs_one_process_and_its_neighbours_one_lease(fleet):
    fleet.settings = {"LEASE": 1.5}
    supervisor = fleet.runworkflows("--processes", "2", "--poll-interval", "0.05", stdout=subprocess.DEVNULL)
    until(lambda: Worker.objects.count() == 2, "both have begun")
    first = set(children(supervisor))
    for n in range(6):  # until neither of them tries one at a time
        quick.start_many([{"name": f"probation {n}/{m}"} for m in range(10)])
        until(lambda: not Workflow.objects.unfinished().exists(), "all have completed")
    Workflow.objects.all().delete()
    spinning.start()
    until(lambda: Workflow.objects.filter(name="ledger.spinning", crashes=2), "its worker was replaced")
    quick.start_many([{"name": f"q{n}"} for n in range(20)])
    until(lambda: statuses("quick") == {"COMPLETED": 20}, "the neighbours have completed")
    until(lambda: statuses("spinning") == {"BLOCKED": 1}, "it is blocked", 90)
    assert "hung" in Workflow.objects.get(name="ledger.spinning").error["message"]
    until(lambda: len(children(supervisor)) == 2, "the process for suspects has ended")
    assert len(first & set(children(supervisor))) == 1


def test_retry_of_a_step_that_overran_is_made_apart(fleet):
    hanging_once.start("h")
    fleet.runworkflows(stdout=subprocess.DEVNULL)
    until(lambda: statuses("hanging_once") == {"COMPLETED": 1}, "it has completed", 60)
    # The first, its successor, and the one for suspects.
    assert Worker.objects.count() == 3


def test_drain_waits_for_suspects_and_ends(fleet):
    slow_call.start_many([{"name": f"n{n}"} for n in range(3)])
    poisonous_call.start("p")
    assert fleet.runworkflows("--drain", stdout=subprocess.DEVNULL).wait(120) == 0
    assert statuses("slow_call") == {"COMPLETED": 3}
    assert statuses("poisonous_call") == {"BLOCKED": 1}
