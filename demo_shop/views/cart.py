"""The visitor's cart, and the way from it to an order."""

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from demo_shop.forms import MOST_UNITS, CheckoutForm, QuantityForm
from demo_shop.models import Cart, CartLine, Order, Product
from demo_shop.ordering import CartIsEmpty, check_out
from demo_shop.views.visits import current_cart, forget_cart, latest_cart, remember_order


@require_GET
def show_cart(request: HttpRequest) -> HttpResponse:
    """Show what the visitor has put aside."""
    return render(request, "demo_shop/cart.html", {"cart": current_cart(request)})


@require_POST
def add_to_cart(request: HttpRequest, sku: str) -> HttpResponse:
    """Put some more units into the cart."""
    product = get_object_or_404(Product, sku=sku)
    form = QuantityForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"The quantity must be a number up to {MOST_UNITS}.")
        return redirect("demo_shop:products")
    cart = current_cart(request) or _new_cart(request)
    line = cart.lines.filter(product=product).first()
    _set_quantity(cart, product, form.cleaned_data["quantity"] + (line.quantity if line else 0))
    messages.success(request, f"{product.name} is in your cart.")
    return redirect("demo_shop:cart")


@require_POST
def change_cart(request: HttpRequest, sku: str) -> HttpResponse:
    """Set how many units the visitor wants."""
    cart = current_cart(request)
    form = QuantityForm(request.POST)
    if cart is None or not form.is_valid():
        messages.error(request, f"The quantity must be a number up to {MOST_UNITS}.")
    else:
        _set_quantity(cart, get_object_or_404(Product, sku=sku), form.cleaned_data["quantity"])
    return redirect("demo_shop:cart")


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask who orders; then place the order and start its workflow, in one transaction."""
    cart = latest_cart(request)
    if cart is None or not cart.lines.exists():
        return redirect("demo_shop:cart")
    if cart.order is not None:
        return _ordered(request, cart.order)
    form = CheckoutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = request.user if isinstance(request.user, AbstractBaseUser) else None
        try:
            return _ordered(request, check_out(cart.pk, form.to_customer(), requested_by=user))
        except CartIsEmpty:
            return redirect("demo_shop:cart")
    return render(request, "demo_shop/checkout.html", {"cart": cart, "form": form})


def _ordered(request: HttpRequest, order: Order) -> HttpResponse:
    remember_order(request, order)
    forget_cart(request)
    return redirect(order)


def _new_cart(request: HttpRequest) -> Cart:
    cart = Cart.objects.create()
    request.session["cart"] = cart.pk
    return cart


def _set_quantity(cart: Cart, product: Product, quantity: int) -> None:
    if quantity <= 0:
        cart.lines.filter(product=product).delete()
        return
    quantity = min(quantity, MOST_UNITS)
    CartLine.objects.update_or_create(cart=cart, product=product, defaults={"quantity": quantity})
