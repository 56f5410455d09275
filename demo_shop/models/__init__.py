"""What the shop's database knows: goods, carts, orders, payments, parcels, and what employees ask for."""

from demo_shop.models.cart import Cart, CartLine
from demo_shop.models.declaration import Declaration
from demo_shop.models.employee import Employee
from demo_shop.models.order import Order, OrderLine
from demo_shop.models.payment import Payment, Refund
from demo_shop.models.product import Product
from demo_shop.models.purchase import PurchaseLine, PurchaseOrder, PurchaseRequest
from demo_shop.models.shipment import Shipment

__all__ = [
    "Cart",
    "CartLine",
    "Declaration",
    "Employee",
    "Order",
    "OrderLine",
    "Payment",
    "Product",
    "PurchaseLine",
    "PurchaseOrder",
    "PurchaseRequest",
    "Refund",
    "Shipment",
]
