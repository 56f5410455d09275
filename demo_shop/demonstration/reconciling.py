"""Does everything add up? Units against stock, money against the card processor's own ledger."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from demo_shop.card_client import CardClient
from demo_shop.models import Order, OrderLine, Payment, Product, Refund
from demo_shop.money import from_cents
from pgworkflows.models import Workflow

PAID = (Order.Status.PAID, Order.Status.SHIPPED, Order.Status.COMPLETED)
ENDS = {
    Order.Status.COMPLETED: {Workflow.Status.COMPLETED},
    Order.Status.CANCELLED: {Workflow.Status.COMPENSATED, Workflow.Status.CANCELLED},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that has to add up; ``wrong`` names what does not."""

    title: str
    found: str
    wrong: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether it adds up."""
        return not self.wrong


def reconcile(client: CardClient) -> list[Check]:
    """Check everything, while no order is being charged or refunded."""
    ledger = client.ledger()
    return [
        check_units(),
        check_captures(ledger["charges"]),
        check_paid_once(ledger["charges"]),
        check_refunds(ledger["refunds"]),
        check_cancelled(ledger["charges"]),
        check_ends(),
    ]


def check_units() -> Check:
    """Compare, for every product, what came in with what is left and what orders hold."""
    lines = OrderLine.objects.filter(order__status__in=Order.HOLDING_STOCK)
    held = dict(lines.values_list("product").annotate(units=Sum("quantity")).values_list("product", "units"))
    wrong = []
    received = left = 0
    for product in Product.objects.order_by("sku"):
        received, left = received + product.received, left + product.stock
        if product.received != product.stock + held.get(product.pk, 0):
            wrong.append(f"{product.sku}: {product.received} received, {product.stock} left, {held.get(product.pk, 0)} in orders")
    in_orders = sum(held.values())
    return Check(
        title="Units received = left + in orders",
        found=f"{received} = {left} + {in_orders}",
        wrong=tuple(wrong),
    )


def check_captures(charges: list[dict[str, Any]]) -> Check:
    """Compare the shop's books of captures with the ledger, capture by capture."""
    books = {(p.idempotency_key, p.processor_reference, p.amount) for p in Payment.objects.all()}
    ledger = {(c["idempotency_key"], c["reference"], from_cents(c["amount"])) for c in charges}
    return Check(
        title="Captures: books = ledger",
        found=f"{len(books)} over {total(amount for *_, amount in books)} = "
        f"{len(ledger)} over {total(amount for *_, amount in ledger)}",
        wrong=differences(books, ledger),
    )


def check_paid_once(charges: list[dict[str, Any]]) -> Check:
    """Require one capture, of the order's total, for each order that was paid."""
    captures: dict[str, list[Decimal]] = defaultdict(list)
    for charge in charges:
        captures[charge["description"]].append(from_cents(charge["amount"]))
    paid = Order.objects.filter(status__in=PAID).prefetch_related("lines")
    wrong = [
        f"{order}: {order.total} due, captured {captures[str(order)]}" for order in paid if captures[str(order)] != [order.total]
    ]
    return Check(title="One capture for each paid order", found=f"{len(paid)} orders", wrong=tuple(wrong))


def check_refunds(refunds: list[dict[str, Any]]) -> Check:
    """Compare the shop's books of refunds with the ledger, refund by refund."""
    sent = Refund.objects.filter(status=Refund.Status.SENT)
    books = {(r.idempotency_key, str(r.processor_reference), r.amount) for r in sent}
    ledger = {(r["idempotency_key"], r["reference"], from_cents(r["amount"])) for r in refunds}
    return Check(
        title="Refunds: books = ledger",
        found=f"{len(books)} over {total(amount for *_, amount in books)} = "
        f"{len(ledger)} over {total(amount for *_, amount in ledger)}",
        wrong=differences(books, ledger),
    )


def check_cancelled(charges: list[dict[str, Any]]) -> Check:
    """Require that each cancelled order that was charged was charged once and got all of it back."""
    cancelled = {str(order) for order in Order.objects.filter(status=Order.Status.CANCELLED)}
    charged = [charge for charge in charges if charge["description"] in cancelled]
    times = Counter(charge["description"] for charge in charged)
    wrong = [
        f"{charge['description']}: captured {from_cents(charge['amount'])} (one of {times[charge['description']]}), "
        f"given back {from_cents(charge['refunded'])}"
        for charge in charged
        if charge["amount"] != charge["refunded"] or times[charge["description"]] != 1
    ]
    return Check(
        title="Cancelled orders got their money back",
        found=f"{len(charged)} of {len(cancelled)} had been charged",
        wrong=tuple(wrong),
    )


def check_ends() -> Check:
    """Require that each order that has ended, and its workflow, tell the same, and that no workflow is stuck."""
    workflows = Workflow.objects.filter(name="demo_shop.fulfil_order", subject_label="demo_shop.order")
    statuses = dict(workflows.values_list("subject_id", "status"))
    orders = Order.objects.filter(status__in=ENDS)
    wrong = [
        f"{order} is {order.status}, its workflow {statuses.get(str(order.pk), 'missing')}"
        for order in orders
        if statuses.get(str(order.pk)) not in ENDS[Order.Status(order.status)]
    ]
    stuck = workflows.filter(status__in=(Workflow.Status.BLOCKED, Workflow.Status.FAILED))
    wrong += [f"{workflow} is {workflow.status}: {(workflow.error or {}).get('message')}" for workflow in stuck]
    return Check(title="Orders and workflows agree", found=f"{len(orders)} have ended", wrong=tuple(wrong))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up."""
    return sum(amounts, start=Decimal("0.00"))


def differences(books: set[tuple[str, str, Decimal]], ledger: set[tuple[str, str, Decimal]]) -> tuple[str, ...]:
    """Name what only one side has."""
    return (
        *(f"only in the books: {reference} over {amount}" for _, reference, amount in sorted(books - ledger)),
        *(f"only in the ledger: {reference} over {amount}" for _, reference, amount in sorted(ledger - books)),
    )
