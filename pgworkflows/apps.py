"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class PGWorkflowsConfig(AppConfig):
    """Find each app's workflows, register the checks, keep the definitions in the database true."""

    name = "pgworkflows"
    verbose_name = _("Workflows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register checks and receivers, let ADMINS be told, answer for our tables, and import each app's workflows."""
        from . import checks, receivers  # noqa: F401 - importing registers them
        from .definitions.registry import autodiscover
        from .routers import come_first
        from .telemetry.log import reach_admins

        reach_admins()
        come_first()
        autodiscover()
        pre_migrate.connect(receivers.before_migrate, sender=self, dispatch_uid="pgworkflows.before_migrate")
        post_migrate.connect(receivers.after_migrate, sender=self, dispatch_uid="pgworkflows.after_migrate")
