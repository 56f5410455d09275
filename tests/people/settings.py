"""A project with users of its own kind, and with a second database that is no PostgreSQL."""

import os

from demo_shop.database import database_settings

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "pgworkflows", "tests.people"]
AUTH_USER_MODEL = "people.Person"
DATABASES = {
    "default": database_settings(os.environ["DATABASE_URL"]),
    "papers": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
