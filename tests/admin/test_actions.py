"""Cancelling, retrying, compensating and sending events from a workflow's page."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from pgworkflows import Retry, WorkflowFinished, current_step, request_approval, set_state, step, workflow
from pgworkflows.models import Event, History, Workflow
from pgworkflows.models.waits import TRIED_NOW, WaitKind, wait_for
from pgworkflows.testing import run_workflows
from tests.admin.staged import GIVEN, VERBS, action, fails, messages_of, page, ran, reserve, standing, waits

pytestmark = pytest.mark.django_db


def last_change(workflow: Workflow, event: str) -> History:
    return History.objects.filter(workflow=workflow.pk, event=event, task=None).latest("id")


def status(workflow: Workflow) -> str:
    workflow.refresh_from_db()
    return workflow.status


def test_cancel_undoes_and_records_why(operator, waiting):
    answer = operator.post(action(waiting, "cancel"), {"reason": "the customer called", "compensate": "on"}, follow=True)
    assert messages_of(answer) == ["The workflow is being cancelled."]
    run_workflows()
    assert status(waiting) == "CANCELLED"
    assert waiting.tasks.filter(kind="COMPENSATION").count() == 1
    change = last_change(waiting, "compensate")
    assert (change.actor, change.note) == ("ada", "the customer called")


def test_cancel_may_leave_steps_as_they_are(operator, waiting):
    operator.post(action(waiting, "cancel"), {"reason": "the customer called"})
    assert status(waiting) == "CANCELLED"
    assert not waiting.tasks.filter(kind="COMPENSATION").exists()
    change = last_change(waiting, "cancel")
    assert (change.actor, change.channel, change.note) == ("ada", "admin", "the customer called")


def test_retry_goes_on_and_records_why(operator, failed):
    answer = operator.post(action(failed, "retry"), {"reason": "the press works again"}, follow=True)
    assert messages_of(answer) == ["The workflow goes on."]
    change = last_change(failed, "retry")
    assert (change.actor, change.channel, change.note) == ("ada", "admin", "the press works again")
    assert status(failed) == "PENDING"


def test_compensate_undoes_and_records_why(operator, failed):
    answer = operator.post(action(failed, "compensate"), {"reason": "nobody needs it"}, follow=True)
    assert messages_of(answer) == ["What the workflow has done is being undone."]
    change = last_change(failed, "compensate")
    assert (change.actor, change.channel, change.note) == ("ada", "admin", "nobody needs it")
    run_workflows()
    assert status(failed) == "COMPENSATED"


def test_event_reaches_what_waits_for_it(operator, waiting):
    answer = operator.post(action(waiting, "send_event"), GIVEN, follow=True)
    assert messages_of(answer) == ["The event is sent."]
    assert Event.objects.get(workflow=waiting).sent_by == "ada"
    run_workflows()
    waiting.refresh_from_db()
    assert waiting.result == {"signed_by": "Grace"}


def test_event_that_it_does_not_wait_for_is_said(operator, waiting):
    answer = operator.post(action(waiting, "send_event"), {**GIVEN, "name": "deliverd"}, follow=True)
    assert messages_of(answer) == [
        "The event is kept, but the workflow does not wait for “deliverd” now. Check the name: it may be too early, or wrong."
    ]


def test_event_of_one_key_is_sent_once(operator, waiting):
    for _ in range(2):
        operator.post(action(waiting, "send_event"), {**GIVEN, "name": "note", "key": "N1"})
    assert Event.objects.filter(workflow=waiting, name="note", key="N1").count() == 1


def test_form_proposes_the_awaited_event(operator, waiting):
    answer = operator.get(action(waiting, "send_event"))
    assert answer.context["form"].initial == {"name": "delivered"}


@pytest.mark.parametrize("verb", VERBS)
def test_reason_is_in_the_admins_log(operator, verb):
    workflow = ran((fails if verb in ("retry", "compensate") else waits).start())
    operator.post(action(workflow, verb), GIVEN)
    entry = LogEntry.objects.get(object_id=str(workflow.pk))
    assert entry.change_message.endswith(": the customer called")


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_happens_without_a_reason(operator, waiting, failed, verb):
    workflow = failed if verb in ("retry", "compensate") else waiting
    before = standing(workflow)
    answer = operator.post(action(workflow, verb), {**GIVEN, "reason": "  "})
    assert answer.context["form"].errors["reason"] == ["This field is required."]
    assert standing(workflow) == before


@pytest.mark.parametrize("verb", VERBS)
def test_what_the_verb_refuses_is_a_message(operator, verb, waiting):
    if verb in ("cancel", "send_event"):
        waiting.cancel("over", compensate=False)
    before = standing(waiting)
    answer = operator.post(action(waiting, verb), GIVEN, follow=True)
    assert messages_of(answer)[0].startswith("Cannot ")
    assert standing(waiting) == before


@pytest.mark.parametrize(
    "payload",
    ['{"a":', "nonsense", "[" * 100_000, '{"a": NaN}', "1e999", '"\\u0000"', '"\\ud800"', "9" * 10_000],
    ids=["cut off", "no JSON", "deep", "NaN", "infinite", "NUL", "surrogate", "long number"],
)
def test_bad_payload_is_refused_in_words(operator, waiting, payload):
    answer = operator.post(action(waiting, "send_event"), {**GIVEN, "payload": payload})
    form = answer.context["form"]
    assert form.errors.get("payload") or "cannot be stored" in form.non_field_errors()[0]
    assert form["payload"].value() == payload, "what was typed stays"
    assert not Event.objects.filter(workflow=waiting).exists()


@pytest.mark.parametrize("depth", [300, 450, 600, 900, 950, 990])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_deep_payload_never_breaks_the_page(operator, waiting, depth, brackets):
    opened, closed = brackets
    payload = opened * depth + "1" + closed * depth
    answer = operator.post(action(waiting, "send_event"), {**GIVEN, "name": "note", "payload": payload}, follow=True)
    assert answer.status_code == 200
    sent = Event.objects.filter(workflow=waiting).exists()
    assert sent or answer.context["form"].errors


@pytest.mark.parametrize("field", ["name", "key", "reason"])
@pytest.mark.parametrize("text", ["x\x00y", "x" * 5000], ids=["NUL", "long"])
def test_bad_text_is_refused_in_words(operator, waiting, field, text):
    answer = operator.post(action(waiting, "send_event"), {**GIVEN, field: text})
    assert answer.context["form"].errors[field]


def test_engines_own_events_cannot_be_sent(operator, waiting):
    answer = operator.post(action(waiting, "send_event"), {**GIVEN, "name": "$cancel"})
    assert answer.context["form"].errors["name"] == ["A name does not begin with $."]


def test_page_offers_only_what_makes_sense(operator, waiting, failed):
    assert [str(label) for label, _ in operator.get(page(waiting)).context["actions"]] == ["Cancel", "Send an event"]
    assert [str(label) for label, _ in operator.get(page(failed)).context["actions"]] == ["Retry", "Undo its steps"]


@pytest.fixture
def backing_off(db) -> Workflow:
    calls = []

    @step(name="admin_tests.call", atomic=False, retry=Retry(max_attempts=3, initial=3600, jitter=False))
    def call() -> str:
        calls.append(current_step().idempotency_key)
        if len(calls) == 1:
            raise ValueError("busy")
        return f"{len(calls)} calls under {len(set(calls))} key"

    @workflow(name="admin_tests.backs_off")
    def backs_off() -> str:
        return call()

    return ran(backs_off.using(key="B1").start())


def test_what_backs_off_is_tried_now(operator, backing_off):
    assert ">Try now</a>" in operator.get(page(backing_off)).content.decode()
    answer = operator.post(action(backing_off, "try_now"), {"reason": "the bank is back"}, follow=True)
    assert messages_of(answer) == ["It is tried now."]
    change = last_change(backing_off, "retry")
    assert (change.actor, change.channel, change.note, change.from_status, change.to_status) == (
        "ada", "admin", "the bank is back", "PENDING", "PENDING",
    )  # fmt: skip
    assert ran(backing_off).result == "2 calls under 1 key"
    assert (backing_off.tasks.get().attempt, History.objects.filter(workflow=backing_off.pk, event="retry").count()) == (2, 1)


def test_try_now_is_offered_for_what_backs_off_only(operator, waiting, failed):
    for other in (waiting, failed):
        assert "Try now" not in operator.get(page(other)).content.decode()
    answer = operator.post(action(waiting, "try_now"), {"reason": "soon"}, follow=True)
    assert "cannot" in messages_of(answer)[0] or "WAITING" in messages_of(answer)[0]
    assert not History.objects.filter(workflow=waiting.pk, event="retry").exists()


@pytest.mark.parametrize("kind", WaitKind)
def test_what_is_to_be_tried_again_is_tried_now(operator, backing_off, kind):
    """Whatever the reason, on every face; but no place in a queue is jumped."""
    wait = wait_for(kind, "admin_tests.call", executor="cluster", attempt=2, error="OSError", until=timezone.now())
    Workflow.objects.update(waiting_for=[wait])
    assert (">Try now</a>" in operator.get(page(backing_off)).content.decode()) == (kind in TRIED_NOW)
    if kind in TRIED_NOW:
        backing_off.retry("mended")
        assert ran(backing_off).status == "COMPLETED"
    else:
        with pytest.raises(WorkflowFinished, match="it is PENDING"):
            backing_off.retry("soon")


def test_time_of_a_retried_step_covers_its_attempts(operator, backing_off, pgworkflows):
    pgworkflows.move_clock(timedelta(hours=2))
    shown = operator.get(page(ran(backing_off))).content.decode()
    assert "2 h 0 min in 2 attempts</td>" in shown
    assert "2 h 0 min in 2 attempts</text>" in shown, "the graph says it once too"


def test_history_is_in_order_within_a_commit(django_user_model):
    django_user_model.objects.create_user("bob")

    @workflow(name="admin_tests.asks_after")
    def asks_after() -> None:
        reserve("mug")
        set_state("ASKED")
        request_approval("Buy mugs", users=["bob"])

    asked = ran(asks_after.start())
    root = Client()
    root.force_login(django_user_model.objects.create_superuser("root"))
    told = [row["event"] for row in root.get(page(asked)).context["history_rows"]]
    assert told == ["started", "task completed", "state set", "approval requested", "asked", "wait opened", "waits"]
