"""A workflow for each thing that a run can be at when its project is upgraded. While RECORDING the outside does not answer."""

import os
import signal

from pgworkflows import Retry, current_step, current_workflow, request_approval, sleep, step, wait_for_event, workflow

from .models import Effect

RECORDING = "RECORDING" in os.environ
AGAIN = Retry(max_attempts=1000, initial=1, factor=1)


@step
def begin() -> None:
    Effect.objects.create(name=current_workflow().key or "child")


@step(retry=AGAIN)
def fail_at_first() -> None:
    if RECORDING:
        raise ConnectionError("not now")


@step(atomic=False)
def call() -> str:
    Effect.objects.create(name=current_step().idempotency_key)
    if RECORDING:
        os.kill(os.getpid(), signal.SIGKILL)
    return current_step().idempotency_key


@step
def book() -> None:
    pass


@book.compensation(retry=AGAIN)
def unbook(*, result: None) -> None:
    if RECORDING:
        raise ConnectionError("not now")
    Effect.objects.create(name="unbooked")


@step
def refuse() -> None:
    raise ValueError("no")


@workflow
def sleeps() -> None:
    begin()
    sleep(1)


@workflow
def waits() -> str:
    begin()
    return wait_for_event("go")["by"]


@workflow
def correlates() -> str:
    begin()
    return wait_for_event("delivered", correlation="D7")["by"]


@workflow
def asks() -> bool:
    begin()
    return request_approval("Release", users=["ann"]).approved


@workflow
def has_child() -> str:
    begin()
    return waits.using(key="child").start().result()


@workflow
def backs_off() -> None:
    begin()
    fail_at_first()


@workflow
def calls() -> str:
    begin()
    return call()


@workflow
def undoes() -> None:
    begin()
    book()
    refuse()


ALL = {each.name.partition(".")[2]: each for each in (sleeps, waits, correlates, asks, has_child, backs_off, undoes, calls)}
