"""The shop's rows in Django's admin: orders move by their workflow, so they are read here, not edited."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from demo_shop.models import Order, OrderLine, Payment, Product, Refund, Shipment
from demo_shop.ordering import call_off
from demo_shop.warehouse import receive_goods

DELIVERED_UNITS = 25

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:  # neither can be subscripted at run time
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


class ReadOnly:
    """Nothing can be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


class OrderLines(ReadOnly, TabularInline):
    """An order's lines."""

    model = OrderLine


class Payments(ReadOnly, TabularInline):
    """An order's payments."""

    model = Payment


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    """Products; units come in by the action, so that ``received`` always tells where they are from."""

    list_display = ("name", "sku", "unit_price", "stock", "received")
    search_fields = ("name", "sku")
    readonly_fields = ("stock", "received")
    actions = ("receive",)

    @admin.action(description=f"Receive {DELIVERED_UNITS} units of each", permissions=("change",))
    def receive(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        """Take goods in; back orders that wait for them go on."""
        orders = receive_goods({product.sku: DELIVERED_UNITS for product in products})
        self.message_user(request, f"Received; {len(orders)} back orders go on.", messages.SUCCESS)


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):
    """Orders, which can be called off."""

    list_display = ("number", "customer", "country", "placed_on", "status")
    list_filter = ("status", "country")
    search_fields = ("number", "customer")
    inlines = (OrderLines, Payments)
    actions = ("cancel_orders",)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Let those call off orders who may change them elsewhere."""
        return bool(request.user.has_perm("demo_shop.change_order"))

    @admin.action(description="Cancel", permissions=("cancel",))
    def cancel_orders(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """Call off what has not ended."""
        called_off = sum(call_off(order) for order in orders)
        self.message_user(request, f"{called_off} orders are being cancelled.", messages.SUCCESS)


@admin.register(Shipment)
class ShipmentAdmin(ReadOnly, ModelAdmin):
    """Parcels."""

    list_display = ("tracking", "order", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("tracking", "order__number")


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ModelAdmin):
    """Payments."""

    list_display = ("processor_reference", "order", "amount", "refunded", "created_at")
    search_fields = ("processor_reference", "order__number")


@admin.register(Refund)
class RefundAdmin(ReadOnly, ModelAdmin):
    """Refunds."""

    list_display = ("processor_reference", "payment", "amount", "reason", "status", "created_at")
    list_filter = ("status",)
