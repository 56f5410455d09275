"""Settings of the django-tasks-db peer: its app, its backend, a connection that stays, no log."""

import os

from demo_shop.database import database_settings

SECRET_KEY = "benchmarks-only"
DEBUG = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django_tasks_db"]
DATABASES = {"default": database_settings(os.environ["BENCHMARK_PEER_URL"]) | {"CONN_MAX_AGE": None}}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
LOGGING = {"version": 1, "disable_existing_loggers": True, "root": {"level": "ERROR", "handlers": []}}
