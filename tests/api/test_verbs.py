"""What people do to workflows."""

import pytest

from pgworkflows import step, workflow
from pgworkflows.models import History, Workflow
from tests.api.conftest import problem


@pytest.fixture
def started(ann, fulfil, pgworkflows):
    """One of ann's, waiting for its event."""
    key = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 7}}).json()["id"]
    pgworkflows.run_workflows()
    return Workflow.objects.get(pk=key)


def test_event_reaches_its_workflow(ann, started, pgworkflows):
    assert ann.send("workflow-events", started.pk, body={"name": "go", "payload": {"$decimal": "x"}}).status_code == 204
    pgworkflows.run_workflows()
    assert started.wait(0) == {"$decimal": "x"}


def test_event_under_a_correlation_reaches_who_waits(ann, started, pgworkflows):
    assert ann.send("events", body={"name": "go", "correlation": "order 7", "payload": None}).status_code == 204
    pgworkflows.run_workflows()
    assert ann.read("workflow", started.pk).json()["status"] == "COMPLETED"
    assert started.events.get().sent_by == "ann"


def test_event_that_nobody_waits_for_is_kept(ann, started):
    assert ann.send("workflow-events", started.pk, body={"name": "g0"}).status_code == 202
    assert ann.send("events", body={"name": "go", "correlation": "order 8"}).status_code == 202


def test_cancel_says_who_and_why(ann, started):
    shown = ann.send("cancel", started.pk, body={"reason": "too late", "compensate": False}).json()
    assert shown["status"] == "CANCELLED"
    told = History.objects.filter(event="cancel").values_list("actor", "channel", "note")
    assert list(told) == [("ann", "api", "too late")]


@pytest.mark.parametrize("verb", ["cancel", "retry", "compensate"])
def test_verb_that_comes_too_late_is_a_conflict(ann, started, pgworkflows, verb):
    started.send_event("go")
    pgworkflows.run_workflows()
    body = {} if verb == "retry" else {"reason": "x"}
    told = problem(ann.send(verb, started.pk, body=body), 409, "workflow-finished")
    assert told["detail"].startswith(f"Cannot {verb} workflow {started.pk}: it is COMPLETED.")


def test_event_to_a_finished_workflow_is_a_conflict(ann, started):
    started.cancel("x", compensate=False)
    problem(ann.send("workflow-events", started.pk, body={"name": "go"}), 409, "workflow-finished")


def test_failed_workflow_is_retried_or_undone(ann, pgworkflows):
    done: list[str] = []

    @step
    def reserve() -> None:
        done.append("reserve")

    @reserve.compensation
    def release(result: None) -> None:
        done.append("release")

    @workflow(name="tests.breaks", api=True, compensate_on=())
    def breaks() -> None:
        reserve()
        raise ValueError(f"broken {len(done)}")

    key = ann.send("workflows", body={"name": "tests.breaks"}).json()["id"]
    pgworkflows.run_workflows()
    assert ann.send("retry", key).json()["status"] == "PENDING"
    pgworkflows.run_workflows()
    assert ann.send("compensate", key, body={"reason": "enough"}).json()["status"] == "COMPENSATING"
    pgworkflows.run_workflows()
    assert (ann.read("workflow", key).json()["status"], done) == ("COMPENSATED", ["reserve", "release"])


@pytest.mark.parametrize("name", ["", "$cancel", "\x00"])
def test_event_names_that_are_the_engines_are_refused(ann, started, name):
    told = problem(ann.send("workflow-events", started.pk, body={"name": name}), 400, "invalid")
    assert told["errors"][0]["field"] == "name"
