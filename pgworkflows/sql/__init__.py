"""The SQL that migrations run: functions, triggers and guards, one file a subject.

In the files `{{tables}}` stands for the schema that holds the tables, and `{{..._transitions}}` for the cases that
django-fsm declares on the models.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from ..models.transitions import declared_transitions


def read(name: str) -> str:
    """Return one file as it is written."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def render(name: str, editor: BaseDatabaseSchemaEditor) -> str:
    """Return one file with its placeholders filled in for the database that the editor is connected to."""
    quote = editor.connection.ops.quote_name
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = cursor.fetchone()[0]
    values = {"tables": quote(schema), **user_values(apps.get_model(settings.AUTH_USER_MODEL), editor)}
    for model in ("Workflow", "Task", "Approval", "ApprovalPolicy"):
        declared = declared_transitions(apps.get_model("pgworkflows", model))
        cases = "\n".join(f"    WHEN '{old}>{new}' THEN '{verb}'" for (old, new), verb in sorted(declared.items()))
        values[f"{model.lower()}_transitions"] = cases
    text = read(name)
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text


def user_values(user: Any, editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
    """Return what stands for the project's users; they need have neither groups nor a column `is_active`."""
    asked = apps.get_model("pgworkflows", "Approval")._meta.get_field("users")
    quote = editor.connection.ops.quote_name
    columns = {field.name: quote(field.column) for field in user._meta.concrete_fields}
    groups = next((field for field in user._meta.many_to_many if field.name == "groups"), None)
    key = user._meta.pk.rel_db_type(editor.connection)
    memberships = f"SELECT NULL::{key} AS user_id, NULL::integer AS group_id WHERE false"
    if groups is not None:
        table, member, group = groups.m2m_db_table(), groups.m2m_column_name(), groups.m2m_reverse_name()
        memberships = f"SELECT {quote(member)} AS user_id, {quote(group)} AS group_id FROM {quote(table)}"
    return {
        "approval_user": quote(asked.m2m_reverse_name()),
        "user_table": quote(user._meta.db_table),
        "user_pk": quote(user._meta.pk.column),
        "user_pk_type": key,
        "user_name": columns[user.USERNAME_FIELD],
        "user_is_active": f"u.{columns['is_active']}" if "is_active" in columns else "true",
        "memberships": memberships,
    }


def run(editor: BaseDatabaseSchemaEditor, name: str) -> None:
    """Execute one file, which may hold many statements; other databases of a project get the plain tables only."""
    if editor.connection.vendor != "postgresql":
        return
    text = render(name, editor)
    if editor.collect_sql:
        editor.collected_sql.append(text)
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(text)
