"""The tests' app."""

import os
from contextlib import ExitStack

from django.apps import AppConfig

_switched_off = ExitStack()


class LedgerConfig(AppConfig):
    """Tables without migrations."""

    name = "tests.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """In a worker process of a test with a switch, take the mechanism out here too."""
        without = os.environ.get("PGWORKFLOWS_TEST_WITHOUT")
        if without:
            from tests.guarantees.switches import PATCHES

            if without in PATCHES:
                _switched_off.enter_context(PATCHES[without]())
