"""What the shop's database knows: goods, carts, orders, payments, parcels."""

from demo_shop.models.cart import Cart, CartLine
from demo_shop.models.order import Order, OrderLine
from demo_shop.models.payment import Payment, Refund
from demo_shop.models.product import Product
from demo_shop.models.shipment import Shipment

__all__ = [
    "Cart",
    "CartLine",
    "Order",
    "OrderLine",
    "Payment",
    "Product",
    "Refund",
    "Shipment",
]
