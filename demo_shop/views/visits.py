"""What the session remembers of a visitor: a cart, and the orders placed."""

from django.http import HttpRequest

from demo_shop.models import Cart, Order

REMEMBERED_ORDERS = 20


def current_cart(request: HttpRequest) -> Cart | None:
    """Return the visitor's cart, unless it has become an order."""
    cart = latest_cart(request)
    return cart if cart and cart.order is None else None


def latest_cart(request: HttpRequest) -> Cart | None:
    """Return the visitor's cart even when it has just become an order, by the same form sent a moment ago."""
    key = request.session.get("cart")
    return Cart.objects.select_related("order").filter(pk=key).first() if key else None


def forget_cart(request: HttpRequest) -> None:
    """Begin with an empty cart next time."""
    request.session.pop("cart", None)


def remember_order(request: HttpRequest, order: Order) -> None:
    """Keep the order among the visitor's own."""
    numbers = [number for number in request.session.get("orders", []) if number != order.number]
    request.session["orders"] = [order.number, *numbers][:REMEMBERED_ORDERS]


def owns(request: HttpRequest, order: Order) -> bool:
    """Say whether this visitor placed the order."""
    return order.number in request.session.get("orders", [])


def own_orders(request: HttpRequest) -> list[Order]:
    """Return the visitor's orders, newest first."""
    return list(Order.objects.filter(number__in=request.session.get("orders", [])).prefetch_related("lines"))
