"""The tests' app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Tables without migrations."""

    name = "tests.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
