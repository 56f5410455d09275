"""The functions, history triggers and guards, from the files in `pgworkflows/sql`."""

from django.conf import settings
from django.db import migrations

from pgworkflows.sql.installing import InstallSQL

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
    "requests",
    "claims",
    "checkpoints",
    "reopening",
    "interventions",
    "approvals/history",
    "approvals/verbs",
    "approvals/decisions",
    "approvals/delegations",
    "transitions",
    "approvals/policies",
    "schedules",
    "retention/guards",
]


class Migration(migrations.Migration):
    dependencies = [
        ("pgworkflows", "0001_tables"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [InstallSQL(name) for name in FILES]
