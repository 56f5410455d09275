"""The package without its extra."""

import subprocess
import sys

WITHOUT = """
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"rest_framework", "django_filters", "drf_spectacular"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.messages", "pgworkflows"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}},
)
django.setup()
import pgworkflows
for module in pkgutil.walk_packages(pgworkflows.__path__, "pgworkflows.", onerror=lambda name: None):
    if not module.name.startswith(("pgworkflows.api", "pgworkflows.worker.__main__", "pgworkflows.migrations")):
        importlib.import_module(module.name)
try:
    import pgworkflows.api.urls
except ModuleNotFoundError as error:
    print(error.name.partition(".")[0])
"""


def test_only_the_api_needs_its_extra():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() in {"rest_framework", "django_filters", "drf_spectacular"}
