"""The functions, history triggers and guards, from the files in `pgworkflows/sql`."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from pgworkflows import sql

FILES = [
    "connection",
    "actors",
    "approvals/people",
    "indexes",
    "storage",
    "history",
    "closing",
    "starting",
    "waiting",
    "events",
    "claims",
    "checkpoints",
    "interventions",
    "approvals/history",
    "approvals/verbs",
    "approvals/decisions",
    "approvals/delegations",
    "transitions",
    "approvals/policies",
    "retention/guards",
    "rights",
]


def install(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Run every file, in order."""
    for name in FILES:
        sql.run(editor, f"{name}.sql")


class RunFiles(migrations.RunPython):
    """Python that only executes SQL, so that `sqlmigrate` can show it."""

    reduces_to_sql = True


class Migration(migrations.Migration):
    dependencies = [
        ("pgworkflows", "0001_tables"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [RunFiles(install, lambda apps, editor: sql.run(editor, "drop.sql"))]
