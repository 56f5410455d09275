"""A visitor's orders: how far they are, and calling them off."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from demo_shop.books import latest_payment
from demo_shop.forms import RefundForm
from demo_shop.models import Order
from demo_shop.ordering import call_off, give_back
from demo_shop.views.progress import progress_of
from demo_shop.views.visits import own_orders, owns


@require_GET
def show_orders(request: HttpRequest) -> HttpResponse:
    """List what this visitor ordered."""
    return render(request, "demo_shop/orders.html", {"orders": own_orders(request)})


@require_GET
def show_order(request: HttpRequest, number: str) -> HttpResponse:
    """Show one order and how far its workflow is."""
    order = _visible_order(request, number)
    context = {"order": order, "progress": progress_of(order), "refund_form": RefundForm()}
    return render(request, "demo_shop/order.html", context)


@require_POST
def cancel_order(request: HttpRequest, number: str) -> HttpResponse:
    """Call an order off; its workflow undoes what was done."""
    order = _visible_order(request, number)
    if call_off(order):
        messages.success(request, "The order is being cancelled.")
    else:
        messages.error(request, "This order can no longer be cancelled.")
    return redirect(order)


@require_POST
@permission_required("demo_shop.add_refund", raise_exception=True)
def refund_order(request: HttpRequest, number: str) -> HttpResponse:
    """Give a part of the money back."""
    order = get_object_or_404(Order, number=number)
    form = RefundForm(request.POST)
    payment = latest_payment(order)
    if payment is None:
        messages.error(request, "Nothing has been paid for this order.")
    elif not form.is_valid():
        messages.error(request, "A refund needs an amount above zero and a reason.")
    elif form.cleaned_data["amount"] > payment.refundable:
        messages.error(request, f"Only {payment.refundable} is left to give back.")
    else:
        give_back(order, **form.cleaned_data)
        messages.success(request, f"{form.cleaned_data['amount']} is being refunded.")
    return redirect(order)


def _visible_order(request: HttpRequest, number: str) -> Order:
    """Return an order of this visitor, or any order for staff; for all others there is no such page."""
    order = get_object_or_404(Order.objects.prefetch_related("lines__product"), number=number)
    if owns(request, order) or request.user.has_perm("demo_shop.view_order"):
        return order
    raise Http404("There is no such order among yours.")
