"""Django's entry for the shop."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate

# Whoever is in this group is asked about large orders.
ORDER_MANAGERS = "order managers"


class DemoShopConfig(AppConfig):
    """Register the shop; its ``workflows`` are found by pgworkflows."""

    name = "demo_shop"
    verbose_name = "Shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the group made after each migration, and after each flush."""
        post_migrate.connect(make_order_managers, sender=self, dispatch_uid="demo_shop.order_managers")


def make_order_managers(*, using: str, apps: Apps = installed, **kwargs: Any) -> None:
    """Make the group that ``fulfil_order`` asks."""
    try:
        groups = apps.get_model("auth", "Group")
    except LookupError:  # only some apps have been migrated so far
        return
    groups._default_manager.using(using).get_or_create(name=ORDER_MANAGERS)
