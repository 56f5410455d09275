"""What the shop does durably; pgworkflows finds it here."""

from demo_shop.workflows.expenses import expense_declaration
from demo_shop.workflows.fulfilment import fulfil_order
from demo_shop.workflows.purchasing import purchase
from demo_shop.workflows.refunds import refund_order

__all__ = ["expense_declaration", "fulfil_order", "purchase", "refund_order"]
