"""One run without a browser: place orders, kill a worker, let the rest finish, reconcile."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from demo_shop.card_client import CardClient
from demo_shop.demonstration import purchases
from demo_shop.demonstration.counting import Counts, count_orders, is_over
from demo_shop.demonstration.goods import LANTERN, stock_the_shelves
from demo_shop.demonstration.processes import Child, Processes
from demo_shop.demonstration.processor import SHOP_WAITS, start_processor
from demo_shop.demonstration.reconciling import Check, reconcile
from demo_shop.demonstration.stories import Day, next_day, place
from demo_shop.models import Order, OrderLine, Product
from demo_shop.ordering import give_back
from demo_shop.warehouse import receive_goods

WORKERS = 2
ORDERS_AT_A_TIME = 10
LOOKS_A_SECOND = 5
# Seconds without any change after which something must be wrong.
PATIENCE = 90.0
# The crash comes when this part of the orders has ended.
CRASH_AFTER = 0.25

Say = Callable[[str], None]


class DemoStuck(Exception):
    """Nothing moves any more, though orders are unfinished."""


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run knows while it goes on."""

    day: Day
    processes: Processes
    say: Say
    client: CardClient
    workers: list[Child] = field(default_factory=list)
    started: int = 0
    crashes: int = 0
    refunded: bool = False
    began: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """Say something with the time since the beginning, in seconds."""
        self.say(f"{time.monotonic() - self.began:5.0f} s  {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    day: Day
    counts: Counts
    checks: list[Check]
    purchased: str = ""

    @property
    def ok(self) -> bool:
        """Say whether everything adds up."""
        return all(check.ok for check in self.checks)


def run_headless(processes: Processes, say: Say) -> Outcome:
    """Run one day of the shop. Raises ProcessDied, ProcessorFailed or DemoStuck."""
    stock_the_shelves()
    client = CardClient(url=start_processor(processes), timeout=SHOP_WAITS)
    run = Run(day=next_day(), processes=processes, say=say, client=client)
    begin(run)
    run.tell(f"{len(run.day.stories)} orders are coming in")
    run.tell(f"{purchases.ask_for_desks(purchases.number_of(run.day))} is put before those who have to agree")
    for first in range(0, len(run.day.stories), ORDERS_AT_A_TIME):
        place(run.day.stories[first : first + ORDERS_AT_A_TIME])
        step(run)
    watch(run, step, lambda day: is_over(day) and purchases.is_ordered(day))
    return outcome_of(run)


def outcome_of(run: Run) -> Outcome:
    """Stop everything but the card processor, so that nothing moves, and compare the books."""
    run.processes.stop([child for child in run.processes.children if child.name != "card processor"])
    purchased = purchases.describe_order(run.day)
    return Outcome(day=run.day, counts=count_orders(run.day), checks=reconcile(run.client), purchased=purchased)


def begin(run: Run) -> None:
    """Start workers, a manager and a carrier."""
    run.tell(f"the card processor listens on {run.client.url}; it loses some answers on purpose")
    for _ in range(WORKERS):
        start_worker(run)
    leave = ("--leave", *run.day.left_waiting) if run.day.left_waiting else ()
    run.processes.manage("manager", "decide_approvals", "--forever", *leave)
    run.processes.manage("carrier", "deliver_shipments", "--forever", *leave)
    run.tell(f"{WORKERS} workers, a manager and a carrier are starting")


def start_worker(run: Run) -> None:
    """Start one more worker."""
    run.started += 1
    run.workers.append(run.processes.manage(f"worker {run.started}", "runworkflows"))


def watch(run: Run, step: Callable[[Run], None], is_over: Callable[[Day], bool]) -> None:
    """Go on until everything has ended that is to end. Raises DemoStuck."""
    shown = counts = count_orders(run.day)
    changed = told = time.monotonic()
    while not is_over(run.day):
        time.sleep(1 / LOOKS_A_SECOND)
        step(run)
        before, counts = counts, count_orders(run.day)
        now = time.monotonic()
        if counts != before:
            changed = now
        if counts != shown and now - told >= 1:
            shown, told = counts, now
            run.tell(str(counts))
        if now - changed > PATIENCE:
            raise DemoStuck(f"For {PATIENCE:.0f} seconds nothing has moved: {counts}. See {run.processes.logs}.")
    run.tell(str(count_orders(run.day)))


def step(run: Run) -> None:
    """Let happen what is due: the crash, the delivery of goods, the refund, the purchase."""
    for child in run.processes.children:
        child.check()
    counts = count_orders(run.day)
    if not run.crashes and counts.completed + counts.cancelled >= CRASH_AFTER * len(run.day.stories):
        crash(run, run.workers[0])
    if counts.back_ordered:
        restock(run)
    if not run.refunded:
        refund(run)
    if agreed := purchases.decide_next(run.day):
        run.tell(agreed)


def crash(run: Run, victim: Child) -> None:
    """Kill a worker in the middle of its work, as a power cut would, and start another one."""
    run.crashes += 1
    run.workers.remove(victim)
    run.processes.abandon(victim)
    run.tell(f"SIGKILL for {victim.name}, in the middle of its work; a new worker is starting")
    start_worker(run)


def restock(run: Run) -> None:
    """Take in as many lanterns as back orders want, those of earlier runs included, once none are left."""
    if Product.objects.get(sku=LANTERN.sku).stock:
        return
    wanted = OrderLine.objects.filter(order__status=Order.Status.BACK_ORDERED, product__sku=LANTERN.sku)
    units = sum(wanted.values_list("quantity", flat=True))
    if units:
        receive_goods({LANTERN.sku: units})
        run.tell(f"{units} {LANTERN.name.lower()}s came in for the back orders")


def refund(run: Run) -> None:
    """Give a customer a part of the money back once the order has arrived."""
    order = Order.objects.filter(number=run.day.refunded_in_part, status=Order.Status.COMPLETED).first()
    if order is not None:
        run.refunded = True
        give_back(order, amount=Decimal("14.50"), reason="A mug arrived broken")
        run.tell(f"14.50 of {order} goes back: a mug arrived broken")
