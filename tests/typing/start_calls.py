# pyright: reportUnnecessaryTypeIgnoreComment=true
"""Right and wrong calls, as mypy and pyright see them. A comment that ignores an error which is not there is one, too."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import assert_type

from pgworkflows import Received, Retry, Settled, Won, first, gather, settle, step, wait_for_event, workflow
from pgworkflows.definitions.workflow import WorkflowFunction
from pgworkflows.models import Workflow


@step
def reserve(order_id: int, units: int = 1) -> Decimal:
    """Be a plain step."""
    return Decimal(order_id * units)


@reserve.compensation
def release(order_id: int, units: int, result: Decimal) -> None:
    """Undo it."""


@step(atomic=False, retry=Retry(max_attempts=3, initial=timedelta(seconds=1)))
def charge(order_id: int) -> str:
    """Be an outside step."""
    return str(order_id)


@step(atomic=False)
async def ask(order_id: int) -> str:
    """Be an outside step that awaits."""
    return str(order_id)


@workflow
def fulfil(order_id: int, express: bool = False) -> str:
    """Call the steps, rightly and wrongly."""
    assert_type(reserve(order_id, units=2), Decimal)
    assert_type(charge(order_id), str)
    assert_type(ask(order_id), str)
    reserve("7")  # type: ignore[arg-type]
    reserve(order_id, boxes=2)  # type: ignore[call-arg]
    charge()  # type: ignore[call-arg]
    ask(order_id, 2)  # type: ignore[call-arg]
    assert_type(wait_for_event(["paid", "cancelled"]), Received)
    wait_for_event("delivered", timeout="2 days")  # type: ignore[call-overload]
    label, units = gather(partial(charge, order_id), lambda: reserve(order_id))
    assert_type(label, str)
    assert_type(units, Decimal)
    assert_type(gather(*(partial(charge, number) for number in range(9)), at_most=3), tuple[str, ...])
    checks = settle(partial(charge, 1), partial(ask, 2), need=1, tolerate=0.5)
    assert_type(checks, Settled[str])
    assert_type(checks.values(), list[str])
    assert_type(first(partial(charge, 1), partial(ask, 2)), Won[str])
    assert_type(first(a=partial(charge, 1), b=partial(ask, 2)).value, str)
    gather(charge(order_id), partial(ask, 2))  # type: ignore[call-overload]
    gather(partial(charge, 1), at_most="two")  # type: ignore[call-overload]
    first(partial(charge, 1), b=partial(ask, 2))  # type: ignore[call-overload]
    return charge(order_id)


@workflow(version=2, queue="slow", timeout=timedelta(hours=1))
def refund(payment: uuid.UUID) -> None:
    """Be a workflow with options."""


assert_type(fulfil.start(7), Workflow)
assert_type(fulfil.start(order_id=7, express=True), Workflow)
assert_type(fulfil.using(key="order-7", priority=5).start(7), Workflow)
assert_type(fulfil.start_many([{"order_id": 7}]), Sequence[Workflow])
assert_type(refund.start(uuid.uuid4()), Workflow)
kept: WorkflowFunction[[uuid.UUID], None] = refund

fulfil.start()  # type: ignore[call-arg]
fulfil.start("7")  # type: ignore[arg-type]
fulfil.start(7, "yes")  # type: ignore[arg-type]
fulfil.start(7, express="yes")  # type: ignore[arg-type]
fulfil.start(7, urgent=True)  # type: ignore[call-arg]
fulfil.start(order=7)  # type: ignore[call-arg]
fulfil.start(7, True, 3)  # type: ignore[call-arg]
fulfil.using(key="order-7").start("7")  # type: ignore[arg-type]
fulfil.using(urgent=True)  # type: ignore[call-arg]
fulfil.using(priority="high")  # type: ignore[arg-type]
fulfil.using(key=7.5).start(7)  # type: ignore[arg-type]
refund.start(7)  # type: ignore[arg-type]
refund.start(payment="7")  # type: ignore[arg-type]
workflow(priorities=3)  # type: ignore[call-overload]
step(atomic="no")  # type: ignore[call-overload]


async def start_from_async_code() -> None:
    """Await the twin."""
    assert_type(await fulfil.astart(7), Workflow)
    await fulfil.astart("7")  # type: ignore[arg-type]
    await fulfil.astart()  # type: ignore[call-arg]
