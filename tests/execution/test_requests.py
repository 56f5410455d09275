"""Asking a running workflow: taken in order, answered once, with what the answer is about."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from pgworkflows import RequestRefused, WaitTimeout, WorkflowFinished, WouldNeverReturn, sleep, step, wait_for_request, workflow
from pgworkflows.models import Event, History, Request, Task, Workflow
from pgworkflows.store import requests
from pgworkflows.testing import ask, crash_everywhere, move_clock
from tests.ledger.models import Entry


@step
def enter(name: str) -> str:
    Entry.objects.create(name=name)
    return name.upper()


@pytest.fixture
def desk():
    @workflow(name="tests.desk")
    def body(times: int = 1, limit: int | None = None) -> list[object]:
        seen: list[object] = []
        for _ in range(times):
            try:
                question = wait_for_request("rename", timeout=limit)
            except WaitTimeout as error:
                return [str(error)]
            seen.append([question.payload, question.by])
            if question.payload == "bad":
                question.refuse("no such name")
            else:
                question.answer(enter(question.payload))
        sleep(1)
        return seen

    return body


def finish(pgworkflows, run):
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(seconds=2))
    pgworkflows.run_workflows()
    return run.wait(0)


@pytest.mark.parametrize("before", [True, False])
def test_request_before_and_after_the_wait(pgworkflows, desk, before):
    run = desk.start()
    if not before:
        pgworkflows.run_workflows()
        wait = Workflow.objects.get(pk=run.pk).waiting_for[0]
        assert (wait["kind"], wait["title"]) == ("REQUEST", "rename")
    assert ask(run, "rename", "ann", by="Ada") == "ANN"
    assert finish(pgworkflows, run) == [["ann", "Ada"]]
    told = History.objects.filter(workflow=run.pk, event__in=["ask_workflow", "answer"]).order_by("id")
    assert list(told.values_list("event", "note", "actor", "channel")) == [
        ("ask_workflow", "rename", "Ada", "python"), ("answer", "rename", "testing", "worker"),
    ]  # fmt: skip


def test_requests_are_taken_in_order_and_each_once(pgworkflows, desk):
    run = desk.start(times=3)
    asked = [requests.post(run.pk, "rename", name) for name in ("a", "bad", "c")]
    assert finish(pgworkflows, run) == [["a", ""], ["bad", ""], ["c", ""]]
    rows = Request.objects.order_by("id").values_list("id", "answer", "refusal", "task__seq")
    assert list(rows) == [(asked[0], "A", None, 1), (asked[1], None, "no such name", 4), (asked[2], "C", None, 6)]


def test_refusal_is_raised_where_one_asked(pgworkflows, desk):
    run = desk.start(times=2)
    with pytest.raises(RequestRefused) as raised:
        ask(run, "rename", "bad")
    assert str(raised.value) == f"Workflow {run.pk} refused the request 'rename': no such name"


def test_time_out_says_that_nobody_took_it(pgworkflows, desk):
    run = desk.start()
    with pytest.raises(WaitTimeout, match=r"tests.desk .* is WAITING and has not asked for it with wait_for_request\(\) yet"):
        ask(run, "cancel it")
    assert ask(run, "rename", "ann") == "ANN"


def test_unanswered_request_is_refused_when_the_workflow_ends(pgworkflows, desk):
    run = desk.start()
    unasked = requests.post(run.pk, "other")
    finish(pgworkflows, run) if ask(run, "rename", "ann") else None
    assert Request.objects.get(pk=unasked).refusal == "it is COMPLETED and has not answered"
    with pytest.raises(WorkflowFinished, match="Cannot ask 'rename' of workflow"):
        requests.post(run.pk, "rename")


def test_failing_after_the_question_refuses_it(pgworkflows):
    @workflow
    def body() -> None:
        wait_for_request("rename")
        raise ValueError("no")

    with pytest.raises(RequestRefused, match="it is FAILED and has not answered"):
        ask(body.start(), "rename")


def test_answer_goes_with_the_step_that_it_is_about(pgworkflows):
    @step
    def fail() -> None:
        Entry.objects.create(name="undone")
        raise ValueError("no")

    @workflow
    def body() -> None:
        question = wait_for_request("rename")
        question.answer(enter(question.payload))
        fail()

    run = body.start()
    assert ask(run, "rename", "ann") == "ANN"
    assert list(Entry.objects.values_list("name", flat=True)) == ["ann"]


@pytest.mark.parametrize("first", ["answer", "refuse"])
def test_second_answer_is_refused(pgworkflows, first):
    @workflow
    def body() -> None:
        question = wait_for_request("rename")
        getattr(question, first)("one")
        question.answer("two")

    run = body.start()
    request = requests.post(run.pk, "rename")
    pgworkflows.run_workflows()
    run.refresh_from_db()
    ended = {"answer": "answered", "refuse": "refused"}[first]
    assert run.error["message"] == f"Request 'rename' #{request} of workflow {run.pk} was {ended} before, which is final."


def test_wait_for_a_request_times_out(pgworkflows, desk):
    run = desk.start(limit=60)
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    assert run.wait(0) == ["Timed out: request rename."]


def test_retried_workflow_answers_nobody_twice(pgworkflows):
    works: list[bool] = []

    @step
    def rename() -> str:
        if not works:
            raise ValueError("no")
        return "done"

    @workflow
    def body() -> str:
        question = wait_for_request("rename")
        try:
            question.answer(rename())
        except ValueError as error:
            question.refuse(str(error))
            raise
        return "ended"

    run = body.start()
    with pytest.raises(RequestRefused, match="no"):
        ask(run, "rename")
    works.append(True)
    run.retry()
    pgworkflows.run_workflows()
    assert run.wait(0) == "ended"
    assert Request.objects.get().refusal == "no"


def test_ask_would_never_return_in_any_transaction(transactional_db, desk):
    run = desk.start()
    with transaction.atomic(), pytest.raises(WouldNeverReturn) as raised:
        run.ask("rename", "x")
    assert str(raised.value) == (
        f"ask() for workflow {run.pk} would never return inside a transaction: no worker can see it before this ends. "
        "Ask after the commit; from a workflow send an event."
    )
    assert not Request.objects.exists()


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (partial(requests.post, name="", payload=None), TypeError, "A request's name must be text that is not empty"),
        (partial(requests.post, name="x" * 600, payload=None), Exception, "the name of a request cannot be stored"),
        (partial(requests.post, name="x", payload=object()), Exception, "the payload of request 'x' cannot be stored"),
        (partial(requests.post, name="x", payload="y" * 2_000_000), Exception, "larger than MAX_PAYLOAD_BYTES"),
    ],
)  # fmt: skip
def test_wrong_request_is_refused_before_anything_is_written(pgworkflows, desk, act, error, message):
    run = desk.start()
    with pytest.raises(error, match=message):
        act(run.pk)
    assert not Request.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", ["", 5, "x" * 600])
def test_wrong_name_is_refused_before_the_wait(pgworkflows, name):
    @workflow
    def body() -> None:
        wait_for_request(name)

    run = body.start()
    pgworkflows.run_workflows()
    assert Workflow.objects.get(pk=run.pk).status == "FAILED"
    assert not Task.objects.exists()


def test_requests_pass_everywhere(transactional_db, desk):
    def asking(name):
        return lambda run: requests.post(run.pk, "rename", name)

    then = [asking("ann"), asking("bad"), lambda run: move_clock(timedelta(seconds=2))]
    replies = lambda: list(Request.objects.order_by("id").values_list("answer", "refusal"))  # noqa: E731
    report = crash_everywhere(desk, {"times": 2}, then=then, effects=replies)
    assert report.crashes["before_step"] == 1
