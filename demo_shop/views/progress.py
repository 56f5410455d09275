"""How far an order's workflow is, in words for the customer's page."""

from dataclasses import dataclass
from datetime import datetime

from demo_shop.models import Order
from pgworkflows.models import Task, Workflow
from pgworkflows.presentation.waits import in_words

# The names of what the customer need not know are left out.
TITLES = {
    "demo_shop.accept_order": "Order accepted",
    "demo_shop.acknowledge_order": "Confirmation sent by e-mail",
    "demo_shop.reserve_stock": "Goods reserved",
    "restocked": "New goods arrived",
    "demo_shop.charge_card": "Card charged",
    "demo_shop.create_shipment": "Parcel handed to the carrier",
    "demo_shop.send_shipping_note": "Tracking number sent by e-mail",
    "delivered": "Parcel delivered",
}
UNDONE = {
    "demo_shop.accept_order": "Order cancelled",
    "demo_shop.acknowledge_order": "Apology sent by e-mail",
    "demo_shop.reserve_stock": "Goods put back",
    "demo_shop.charge_card": "Money returned",
    "demo_shop.create_shipment": "Parcel called back",
}
WORDS = {
    Task.Status.PENDING: "to be tried again",
    Task.Status.RUNNING: "in progress",
    Task.Status.WAITING: "waiting",
    Task.Status.COMPLETED: "done",
    Task.Status.FAILED: "failed",
    Task.Status.CANCELLED: "called off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One line of the list."""

    title: str
    word: str
    status: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The whole list, and what it waits for now."""

    workflow: Workflow
    stages: list[Stage]
    waits_for: str
    problem: str


def progress_of(order: Order) -> Progress | None:
    """Return how far the fulfilment of an order is; None for an order that never started."""
    workflow = order.workflows.filter(name="demo_shop.fulfil_order").first()
    if workflow is None:
        return None
    tasks = workflow.tasks.order_by("branch", "seq")
    return Progress(
        workflow=workflow,
        stages=[stage for task in tasks if (stage := _stage(task)) is not None],
        waits_for=in_words(workflow),
        problem=(workflow.error or {}).get("message", ""),
    )


def _stage(task: Task) -> Stage | None:
    if task.kind == Task.Kind.APPROVAL:
        title: str | None = "Approval by a manager"
    elif task.kind == Task.Kind.COMPENSATION:
        title = UNDONE.get(task.name.removesuffix(".compensation"))
    else:
        title = TITLES.get(task.name)
    if title is None:
        return None
    status = Task.Status(task.status)
    return Stage(title=title, word=WORDS[status], status=status.lower(), at=task.finished_at)
