"""An app of a site on Wagtail."""

from django.apps import AppConfig


class PressConfig(AppConfig):
    name = "tests.wagtail"
    label = "press"
    default_auto_field = "django.db.models.BigAutoField"
