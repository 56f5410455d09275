"""Where the shop's database is: `DATABASE_URL`, or else the embedded server."""

import os
from collections.abc import Mapping
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from demo_shop.postgres import EmbeddedPostgres, default_data_dir

DATABASE_NAME = "shop"


def database_settings(url: str) -> dict[str, Any]:
    """Turn a postgresql:// URL (or any libpq connection string) into an entry of Django's DATABASES."""
    parts: Mapping[str, Any] = conninfo_to_dict(url)
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django: str(parts.get(libpq, "")) for libpq, django in named.items()},
        "OPTIONS": {key: value for key, value in parts.items() if key not in named},
    }


def shop_database() -> dict[str, Any]:
    """Return the shop's DATABASES entry; starts nothing, so that reading the settings stays free."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return database_settings(url)
    return EmbeddedPostgres(default_data_dir()).settings(DATABASE_NAME)
