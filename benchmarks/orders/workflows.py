"""The workflows that are measured, one or two a workload."""

import asyncio
import time
from datetime import timedelta
from typing import Any

from benchmarks.orders.models import Row, Stock
from pgworkflows import request_approval, step, wait_for_event, workflow

STEPS = 5
CALL_SECONDS = 0.1


@workflow
def bare(order: int) -> None:
    """W1: nothing but a start and an end."""


@step
def write_row(order: int, number: int) -> None:
    """Insert one row through the ORM."""
    Row.objects.create(order=order, step=number)


@workflow
def five_rows(order: int) -> None:
    """W2: five sequential atomic steps."""
    for number in range(1, STEPS + 1):
        write_row(order, number)


@step
def touch_nothing(number: int) -> int:
    """Cost only what the engine costs."""
    return number


@workflow
def five_empty_steps(order: int) -> None:
    """W2n: five atomic steps without a table."""
    for number in range(1, STEPS + 1):
        touch_nothing(number)


@workflow
def one_row(order: int) -> None:
    """W3: one step."""
    write_row(order, 1)


@workflow
def wait_for_go(order: int) -> Any:
    """W4: wait until told."""
    return wait_for_event("go")


@step(atomic=False)
def call_outside(order: int) -> int:
    """Sleep as a slow service would, in a thread."""
    time.sleep(CALL_SECONDS)
    return order


@step(atomic=False)
async def acall_outside(order: int) -> int:
    """Sleep as a slow service would, on the event loop."""
    await asyncio.sleep(CALL_SECONDS)
    return order


@workflow
def outside_def(order: int) -> int:
    """W5: one outside call in a thread."""
    return call_outside(order)


@workflow
def outside_async(order: int) -> int:
    """W5: one outside call on the event loop."""
    return acall_outside(order)


@step
def take_one(stock: int) -> None:
    """Lock one of the hot rows and decrement it."""
    row = Stock.objects.select_for_update().get(pk=stock)
    row.units -= 1
    row.save(update_fields=["units"])


@workflow
def hot_row(order: int, stock: int) -> None:
    """W6: every order takes one unit of one of a few rows."""
    take_one(stock)
    write_row(order, 1)


@workflow
def ask(order: int) -> bool:
    """W8: one approval."""
    return request_approval("Release the order", groups=["managers"], timeout=timedelta(days=1)).approved
