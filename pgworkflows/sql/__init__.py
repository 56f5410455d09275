"""The SQL that migrations run: functions, triggers and guards, in a file named like the store module that calls them.

In the files `{{schema}}` stands for the schema that holds our tables, `{{tables}}` for it and those of the users, groups and
content types, `{{..._transitions}}` for the cases that django-fsm declares on the models, and `{{tried_now}}` for kinds of waits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast

from ..exceptions import NotAllowed
from ..models.transitions import declared_transitions
from ..models.waits import TRIED_NOW
from ..models.workflow_row import NewWorkflow, WorkflowChange, columns

FOLDER = Path(__file__).parent
#: The files that migrations install, each behind what it needs. `rights.sql` follows whichever of them is installed, and
#: `roles.sql` is what `manage.py workflows roles` prints.
FILES = (
    "connection", "actors", "approvals/people", "indexes", "storage", "history", "closing", "starting", "waiting", "events",
    "requests", "claims", "checkpoints", "reopening", "interventions", "approvals/history", "approvals/verbs",
    "approvals/decisions", "approvals/delegations", "transitions", "approvals/policies", "schedules", "retention/guards",
)  # fmt: skip

#: Bodies are not looked at before they are used: a later migration may add their columns.
UNCHECKED = "SET LOCAL check_function_bodies = off;\n"


def read(name: str) -> str:
    """Return one file as it is written."""
    return (FOLDER / name).read_text(encoding="utf-8")


def rendered(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the files that migrations install, filled in for the database that the connection leads to."""
    fill = filler(connection)
    return [fill(read(f"{name}.sql")) for name in FILES]


def filler(connection: BaseDatabaseWrapper) -> Callable[[str], str]:
    """Return what replaces the placeholders in the text of a file, for the database that the connection leads to."""
    names = ", ".join(f"'{name}'" for name in table_names())
    found = schemas(connection)
    values = {"schema": found[0], "tables": ", ".join(found), "names": names}
    values |= user_values(connection) | start_values(connection) | change_values(connection)
    for model in ("Workflow", "Task", "Approval", "ApprovalPolicy"):
        declared = declared_transitions(apps.get_model("pgworkflows", model))
        cases = "\n".join(f"    WHEN '{old}>{new}' THEN '{verb}'" for (old, new), verb in sorted(declared.items()))
        values[f"{model.lower()}_transitions"] = cases
    values["tried_now"] = ", ".join(f"'{kind}'" for kind in TRIED_NOW)
    return lambda text: re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def start_values(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Return what stands for the columns that the workflows of one start have in common."""
    shared = {str(field.column): field.rel_db_type(connection) for field in columns(NewWorkflow)}
    return {
        "start_parameters": ", ".join(f"{name} {kind}" for name, kind in shared.items()),
        "start_columns": ", ".join(shared),
        "start_values": ", ".join(f"insert_workflows.{name}" for name in shared),
    }


def change_values(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Return what stands for the columns of a workflow that a flush writes."""
    changed = {str(field.column): field.rel_db_type(connection) for field in columns(WorkflowChange)}
    return {
        "change_parameters": ", ".join(f"{name} {kind}[]" for name, kind in changed.items()),
        "change_columns": ", ".join(changed),
        "change_values": ", ".join(f"update_workflows.{name}" for name in changed),
        "change_assignments": ", ".join(f"{name} = u.{name}" for name in changed if name != "id"),
    }


# A table that is not there yet will be where the session makes it.
SCHEMAS = """
SELECT n.nspname
FROM unnest(%s::text[]) WITH ORDINALITY AS t(name, place)
LEFT JOIN pg_class c ON c.oid = to_regclass(t.name)
JOIN pg_namespace n ON n.oid = COALESCE(c.relnamespace, to_regnamespace(quote_ident(current_schema())))
GROUP BY n.nspname ORDER BY min(t.place)
"""


def schemas(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the schema of our tables, and those of the other tables that our functions read, as this session finds them."""
    user: Any = apps.get_model(settings.AUTH_USER_MODEL)
    content_type = apps.get_model("contenttypes", "ContentType")
    people = [user, *user._meta.all_parents, *(field.remote_field.through for field in user._meta.many_to_many)]
    tables = ["pgworkflows_workflow", *(model._meta.db_table for model in [*people, content_type])]
    with connection.cursor() as cursor:
        cursor.execute(SCHEMAS, [[connection.ops.quote_name(table) for table in tables]])
        return [connection.ops.quote_name(schema) for (schema,) in cursor.fetchall()]


# Which tables the functions were installed for, whether this session finds them, and whether the functions still do.
SERVED = """
SELECT n.nspname, c.oid IS NOT DISTINCT FROM to_regclass('pgworkflows_workflow')::oid,
  n.nspname = ANY (string_to_array(
    replace(substring(array_to_string(p.proconfig, '; ') FROM 'search_path=([^;]*)'), '"', ''), ', '))
FROM pg_proc p LEFT JOIN (pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace)
  ON t.tgfoid = p.oid
WHERE p.oid = to_regproc('pgworkflows.workflow_inserted')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The schema whose tables the functions serve, None for none; whether this session finds them, and the functions do."""

    schema: str | None
    found_here: bool
    found: bool


def served(connection: BaseDatabaseWrapper) -> Served | None:
    """Say whom the functions of this database serve; None where there are none."""
    with connection.cursor() as cursor:
        cursor.execute(SERVED)
        row = cursor.fetchone()
    return None if row is None else Served(schema=row[0], found_here=row[1], found=bool(row[2]))


def refuse_second_installation(_: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Raise NotAllowed where there are functions already: those are in one schema, whoever's tables they serve."""
    if editor.connection.vendor != "postgresql" or editor.collect_sql:
        return
    already = served(editor.connection)
    if already is None:
        return
    if already.schema is None:
        raise NotAllowed("The functions of an earlier installation are left, without tables. DROP SCHEMA pgworkflows CASCADE.")
    raise NotAllowed(f"The functions in schema pgworkflows serve the tables in {already.schema!r}. {ONE_INSTALLATION}")


ONE_INSTALLATION = (
    "One database holds one installation: put that schema into the connection's search_path to use it, or migrate in a "
    "database of its own."
)


def table_names() -> list[str]:
    """Return the names of our tables, behind `pgworkflows_`."""
    models = apps.get_app_config("pgworkflows").get_models(include_auto_created=True)
    return sorted(model._meta.db_table.removeprefix("pgworkflows_") for model in models)


def user_values(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Return what stands for the project's users; they need have neither groups nor a column `is_active`."""
    user: Any = apps.get_model(settings.AUTH_USER_MODEL)
    asked = apps.get_model("pgworkflows", "Approval")._meta.get_field("users")
    quote, key = connection.ops.quote_name, user._meta.pk.rel_db_type(connection)
    name = user._meta.get_field(user.USERNAME_FIELD)
    values = {
        "approval_user": quote(asked.m2m_reverse_name()),
        "user_pk_type": key,
        "user_name": quote(name.column),
        "user_name_table": quote(name.model._meta.db_table),
        "user_name_key": quote(name.model._meta.pk.column),
        "people": _people(user, connection),
        "memberships": _memberships(user, key, quote),
    }
    return values | {"people_digest": hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()}


def _people(user: Any, connection: BaseDatabaseWrapper) -> str:
    """Return the query for all users; Django joins the tables that they inherit from."""
    has_active = any(field.name == "is_active" for field in user._meta.concrete_fields)
    active: Any = F("is_active") if has_active else Value(True)
    columns = {"people_name": Cast(F(user.USERNAME_FIELD), TextField()), "people_active": active}
    rows = QuerySet(user).using(connection.alias).order_by().annotate(**columns).values_list("pk", *columns)
    text, parameters = rows.query.get_compiler(connection=connection).as_sql()
    return str(connection.ops.compose_sql(text, parameters))  # type: ignore[attr-defined] # PostgreSQL's


def _memberships(user: Any, key: str, quote: Callable[[str], str]) -> str:
    groups = next((field for field in user._meta.many_to_many if field.name == "groups"), None)
    if groups is None or groups.related_model is not apps.get_model("auth", "Group"):
        return f"SELECT NULL::{key}, NULL::integer WHERE false"
    member, group = quote(groups.m2m_column_name()), quote(groups.m2m_reverse_name())
    return f"SELECT {member}, {group} FROM {quote(groups.m2m_db_table())}"


# The key's type is in the signatures of many functions, which only installing anew can change.
INSTALLED = """
SELECT obj_description(p.oid, 'pg_proc'), format_type(p.proallargtypes[1], NULL)
FROM pg_proc p WHERE p.oid = to_regprocedure('pgworkflows.people()')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How what is installed fits the project's users: as it is, or once approvals/people.sql has been run again."""

    fits: bool
    can_follow: bool


def people_installed(connection: BaseDatabaseWrapper) -> People | None:
    """Compare what the functions know of the project's users with what settings say; None where none are installed."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED)
        found = cursor.fetchone()
    if found is None:
        return None
    wanted = user_values(connection)
    return People(fits=found[0] == wanted["people_digest"], can_follow=found[1] == wanted["user_pk_type"])


def follow_people(connection: BaseDatabaseWrapper) -> None:
    """Let the functions know the project's users as settings name them now."""
    found = people_installed(connection)
    if found is not None and not found.fits and found.can_follow:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(UNCHECKED + filler(connection)(read("approvals/people.sql")))
