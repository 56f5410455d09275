"""Settings of the proofs' own project; the database and what a fault changes come from the environment."""

import json
import os

from demo_shop.database import database_settings

SECRET_KEY = "proofs-only"
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "pgworkflows",
    "proofs",
]
DATABASES = {"default": database_settings(os.environ["PROOFS_DATABASE_URL"])}
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PGWORKFLOWS = json.loads(os.environ.get("PROOFS_SETTINGS", "{}"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"pgworkflows": {"handlers": ["stderr"], "level": os.environ.get("PROOFS_LOG", "ERROR")}},
}
