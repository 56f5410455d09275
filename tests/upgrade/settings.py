"""The project whose database was recorded: users, pgworkflows, and one table of its own."""

import os

from demo_shop.database import database_settings

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "pgworkflows", "tests.upgrade"]
DATABASES = {"default": database_settings(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
