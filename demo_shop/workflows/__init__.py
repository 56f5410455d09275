"""What the shop does durably; pgworkflows finds it here."""

from demo_shop.workflows.fulfilment import fulfil_order
from demo_shop.workflows.refunds import refund_order

__all__ = ["fulfil_order", "refund_order"]
