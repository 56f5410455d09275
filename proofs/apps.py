"""The proofs' app."""

from __future__ import annotations

from django.apps import AppConfig


class ProofsConfig(AppConfig):
    """Tables without migrations; in a worker process also the switch and the deadly point that it is told."""

    name = "proofs"
    label = "proofs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Break what the environment says; nothing otherwise."""
        from . import breaking, points

        breaking.from_environment()
        points.from_environment()
