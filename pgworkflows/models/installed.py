"""Refuses to be imported where Django lacks an app that the models need, before Django refuses in words about labels."""

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

NEEDED = ("pgworkflows", "django.contrib.contenttypes", "django.contrib.auth")

_lacking = [app for app in NEEDED if apps.apps_ready and not apps.is_installed(app)]
if _lacking:
    raise ImproperlyConfigured(
        f"INSTALLED_APPS lacks {' and '.join(map(repr, _lacking))}. Add what is missing, then run `manage.py migrate`."
    )
