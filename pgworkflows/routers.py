"""Where our rows are: in one database, whatever the routers of a project say."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Model

from .conf import conf

APP = "pgworkflows"


class Router:
    """Answers for our models, ahead of the project's routers: one that spreads reads over replicas is not asked."""

    def db_for_read(self, model: type[Model], **_: Any) -> str | None:
        """Return the alias that holds our tables."""
        return conf().DATABASE if model._meta.app_label == APP else None

    db_for_write = db_for_read


def come_first() -> None:
    """Be asked before the project's own routers."""
    router.routers.insert(0, Router())
