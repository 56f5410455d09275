"""The shop's rows in Django's admin: orders move by their workflow, so they are read here; purchase requests are written."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from demo_shop.models import (
    Declaration,
    Employee,
    Order,
    OrderLine,
    Payment,
    Product,
    PurchaseLine,
    PurchaseRequest,
    Refund,
    Shipment,
)
from demo_shop.ordering import call_off
from demo_shop.purchasing import ask_if_possible
from demo_shop.warehouse import receive_goods
from pgworkflows.admin import WorkflowsAdminMixin

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
class OrderAdmin(WorkflowsAdminMixin, ReadOnly, ModelAdmin):
    """Orders, with their workflows and approvals; they can be called off."""

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


class PurchaseLines(TabularInline):
    """What a purchase request is for."""

    model = PurchaseLine
    extra = 1


@admin.register(PurchaseRequest)
class PurchaseRequestAdmin(WorkflowsAdminMixin, ModelAdmin):
    """Purchase requests: written here, put before those who have to agree, and closed to changes once that has ended."""

    list_display = ("number", "title", "supplier", "requested_by", "status")
    list_filter = ("status",)
    search_fields = ("number", "title", "supplier")
    list_select_related = ("requested_by",)
    fields = ("number", "title", "supplier", "requested_by", "status")
    readonly_fields = ("requested_by", "status")
    inlines = (PurchaseLines,)
    actions = ("ask",)

    def has_change_permission(self, request: HttpRequest, obj: PurchaseRequest | None = None) -> bool:
        """Keep what was ordered, or came to nothing, as it is."""
        ended = obj is not None and obj.status in (PurchaseRequest.Status.ORDERED, PurchaseRequest.Status.CLOSED)
        return not ended and bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: PurchaseRequest, form: Any, change: bool) -> None:
        """Note who asks."""
        if not change:
            obj.requested_by = request.user  # type: ignore[assignment] # who gets here is logged in
        super().save_model(request, obj, form, change)

    @admin.action(description="Ask for approval", permissions=("change",))
    def ask(self, request: HttpRequest, requests: QuerySet[PurchaseRequest]) -> None:
        """Put drafts before those who have to agree."""
        asked = sum(ask_if_possible(row) for row in requests)
        self.message_user(request, f"{asked} purchase requests were put before those who have to agree.", messages.SUCCESS)


@admin.register(Declaration)
class DeclarationAdmin(WorkflowsAdminMixin, ReadOnly, ModelAdmin):
    """Expense declarations."""

    list_display = ("number", "employee", "route", "state", "submissions")
    list_filter = ("state", "route")
    search_fields = ("number",)
    list_select_related = ("employee",)


@admin.register(Employee)
class EmployeeAdmin(ModelAdmin):
    """Who works for whom."""

    list_display = ("user", "manager")
    search_fields = ("user__username", "manager__username")
    autocomplete_fields = ("user", "manager")
