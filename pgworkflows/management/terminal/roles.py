"""The SQL of least-privilege roles, for this project's tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import CommandError
from django.db import models

from ... import sql
from ...store.connection import database, query

ROLES = ("owner", "worker", "web", "reader", "starter")
#: What people edit, in the admin or through the API.
EDITED = ("Delegation", "ApprovalPolicy", "ApprovalStage", "StageCondition", "IdempotencyKey", "Schedule")

SEQUENCES = """
SELECT s.oid::regclass::text FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
WHERE s.relkind = 'S' AND d.refobjid IN (SELECT to_regclass(t) FROM unnest(%(tables)s::text[]) t) ORDER BY 1
"""


def roles_sql(prefix: str) -> list[str]:
    """Return its lines, for the tables that there are."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,50}", prefix):
        raise CommandError(f"{prefix!r} cannot begin a role's name. Use lower-case letters, digits and underscores.")
    there = set(database().introspection.table_names())
    ours = [table for model in apps.get_app_config("pgworkflows").get_models() for table in _tables(model)]
    theirs = sorted({table for model in apps.get_models() for table in _tables(model) if table in there} - set(ours))
    schemas = sql.schemas(database())
    values = {
        **{role: f"{prefix}_{role}" for role in ROLES},
        "schema": schemas[0],
        "tables": ", ".join(schemas),
        "people": _named(table for table in _people() if table in there),
        "ours": _named(ours),
        "edited": _named(table for name in EDITED for table in _tables(apps.get_model("pgworkflows", name))),
        "theirs": _named(theirs),
        "ownership": "\n".join(f"ALTER TABLE {_named([table])} OWNER TO {prefix}_owner;" for table in ours),
        "sequences": _sequences(theirs, prefix),
    }
    text = sql.read("roles.sql")
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text.splitlines()


def _tables(model: type[models.Model]) -> list[str]:
    """Return a model's table and those of its relations to many."""
    tables: list[Any] = [model, *(field.remote_field.through for field in model._meta.local_many_to_many)]
    return [table._meta.db_table for table in tables if table._meta.managed and not table._meta.proxy]


def _people() -> list[str]:
    user = apps.get_model(settings.AUTH_USER_MODEL)
    own = [table for model in (user, *user._meta.all_parents) for table in _tables(model)]
    return [*own, *_tables(apps.get_model("auth", "Group")), *_tables(ContentType)]


def _named(tables: Iterable[str]) -> str:
    quote = database().ops.quote_name
    return ", ".join(quote(table) for table in tables)


def _sequences(tables: list[str], prefix: str) -> str:
    names = [name for (name,) in query(SEQUENCES, {"tables": tables})]
    return f"GRANT USAGE ON SEQUENCE {', '.join(names)} TO {prefix}_worker, {prefix}_web;" if names else ""
