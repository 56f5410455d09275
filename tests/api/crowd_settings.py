"""Settings of the crowd's server: the tests' own, with connections that stay open."""

from tests.settings import *  # noqa: F403

DEBUG = False
DATABASES["default"]["CONN_MAX_AGE"] = None  # noqa: F405
