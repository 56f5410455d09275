"""Addresses of the shop's pages."""

from django.urls import path

from demo_shop.views import carrier, cart, catalogue, orders

app_name = "demo_shop"

urlpatterns = [
    path("", catalogue.show_products, name="products"),
    path("cart/", cart.show_cart, name="cart"),
    path("cart/add/<slug:sku>/", cart.add_to_cart, name="add-to-cart"),
    path("cart/change/<slug:sku>/", cart.change_cart, name="change-cart"),
    path("checkout/", cart.checkout, name="checkout"),
    path("orders/", orders.show_orders, name="orders"),
    path("orders/<slug:number>/", orders.show_order, name="order"),
    path("orders/<slug:number>/cancel/", orders.cancel_order, name="cancel-order"),
    path("orders/<slug:number>/refund/", orders.refund_order, name="refund-order"),
    path("carrier/delivered/", carrier.delivered, name="delivered"),
]
