"""Settings of the benchmarks' own project; the database comes from the environment."""

import os

from demo_shop.database import database_settings

SECRET_KEY = "benchmarks-only"
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "pgworkflows",
    "benchmarks.orders",
]
DATABASES = {"default": database_settings(os.environ["BENCHMARK_DATABASE_URL"]) | {"CONN_MAX_AGE": None}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
