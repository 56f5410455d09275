"""Django's entry for the shop."""

from django.apps import AppConfig


class DemoShopConfig(AppConfig):
    """Register the shop; its ``workflows.py`` is found by pgworkflows."""

    name = "demo_shop"
    verbose_name = "Shop"
    default_auto_field = "django.db.models.BigAutoField"
