"""The SQL that migrations run: functions, triggers and guards, one file a subject.

In the files `{{tables}}` stands for the schema that holds the tables, and `{{..._transitions}}` for the cases that
django-fsm declares on the models.
"""

from __future__ import annotations

from importlib.resources import files

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from ..models.transitions import declared_transitions


def read(name: str) -> str:
    """Return one file as it is written."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def render(name: str, editor: BaseDatabaseSchemaEditor) -> str:
    """Return one file with its placeholders filled in for the database that the editor is connected to."""
    quote = connections[editor.connection.alias].ops.quote_name
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = cursor.fetchone()[0]
    user = apps.get_model(settings.AUTH_USER_MODEL)
    groups = user._meta.get_field("groups")
    values = {
        "user_groups": quote(groups.m2m_db_table()),
        "user_groups_user": quote(groups.m2m_column_name()),
        "tables": quote(schema),
        "user_table": quote(user._meta.db_table),
        "user_pk": quote(user._meta.pk.column),
        "user_pk_type": user._meta.pk.rel_db_type(editor.connection) or "",
        "user_name": quote(user._meta.get_field(user.USERNAME_FIELD).column),
    }
    for model in ("Workflow", "Task", "Approval"):
        declared = declared_transitions(apps.get_model("pgworkflows", model))
        cases = "\n".join(f"    WHEN '{old}>{new}' THEN '{verb}'" for (old, new), verb in sorted(declared.items()))
        values[f"{model.lower()}_transitions"] = cases
    text = read(name)
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text


def run(editor: BaseDatabaseSchemaEditor, name: str) -> None:
    """Execute one file; it may hold many statements."""
    text = render(name, editor)
    if editor.collect_sql:
        editor.collected_sql.append(text)
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(text)
