"""The Django app."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Tables without migrations."""

    name = "benchmarks.orders"
    default_auto_field = "django.db.models.BigAutoField"
