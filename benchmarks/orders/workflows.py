"""The workflows that are measured."""

import asyncio
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from benchmarks.orders.models import Row, Stock
from pgworkflows import request_approval, step, wait_for_event, workflow

STEPS = 5
MANAGERS = "managers"


@workflow
def bare(order: int) -> None:
    """Do nothing: W1."""


@step
def write_row(order: int, number: int) -> None:
    """Insert one row through the ORM."""
    Row.objects.create(order=order, step=number)


@workflow
def five_rows(order: int) -> None:
    """Take five sequential atomic steps: W2 and W7."""
    for number in range(1, STEPS + 1):
        write_row(order, number)


@step
def write_row_or_fail(order: int, number: int) -> None:
    """Insert one row; one time in a hundred, fail then."""
    Row.objects.create(order=order, step=number)
    if failures_until(order - 1, number) > failures_until(order - 1, number - 1):
        raise ValueError("one in a hundred")


def failures_until(order: int, number: int = 0) -> int:
    """Count the steps that fail until that one."""
    return (order * STEPS + number) // 101


@workflow
def five_rows_with_failures(order: int) -> None:
    """Take five steps, and go on where one fails: W2f."""
    for number in range(1, STEPS + 1):
        with suppress(ValueError):
            write_row_or_fail(order, number)


@step
def touch_nothing(number: int) -> int:
    """Cost only what the engine costs."""
    return number


@workflow
def five_empty_steps(order: int) -> None:
    """Take five atomic steps that touch no table: W2n."""
    for number in range(1, STEPS + 1):
        touch_nothing(number)


@workflow
def one_row(order: int) -> None:
    """Take one step: W3."""
    write_row(order, 1)


@workflow
def wait_for_go(order: int) -> Any:
    """Wait until told: W4."""
    return wait_for_event("go")


@workflow
def take_events(order: int, events: int) -> int:
    """Take so many events, and return the sum of what they say: W9."""
    return sum(wait_for_event("item") for _ in range(events))


class InFlight:
    """Counts the calls that this process is in just now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0

    def enter(self) -> int:
        """Count one more; return how many there are."""
        with self._lock:
            self._now += 1
            return self._now

    def leave(self) -> None:
        """Count one less."""
        with self._lock:
            self._now -= 1


in_flight = InFlight()


@step(atomic=False)
def call_outside(seconds: float) -> int:
    """Sleep in a thread, as a slow service would; return how many calls were in flight."""
    seen = in_flight.enter()
    time.sleep(seconds)
    in_flight.leave()
    return seen


@step(atomic=False)
async def acall_outside(seconds: float) -> int:
    """Sleep on the event loop, as a slow service would; return how many calls were in flight."""
    seen = in_flight.enter()
    await asyncio.sleep(seconds)
    in_flight.leave()
    return seen


@workflow
def outside_def(order: int, seconds: float) -> int:
    """Make one outside call in a thread: W5."""
    return call_outside(seconds)


@workflow
def outside_async(order: int, seconds: float) -> int:
    """Make one outside call on the event loop: W5."""
    return acall_outside(seconds)


@step
def take_one(stock: int) -> None:
    """Lock one of a few rows and decrement it."""
    row = Stock.objects.select_for_update().get(pk=stock)
    row.units -= 1
    row.save(update_fields=["units"])


@workflow
def hot_row(order: int, stock: int) -> None:
    """Take one unit of a row that many want: W6."""
    take_one(stock)


@workflow
def ask(order: int) -> bool:
    """Ask a group of people: W8."""
    return request_approval("Release the order", groups=[MANAGERS], timeout=timedelta(days=1)).approved
