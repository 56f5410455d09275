"""Every sentence that people read is there in German, and compiled."""

import shutil
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest

import pgworkflows

PACKAGE = Path(pgworkflows.__file__).parent
CATALOGUE = "locale/de/LC_MESSAGES/django.po"

pytestmark = pytest.mark.skipif(not shutil.which("xgettext"), reason="needs gettext")


def compiled(path: Path) -> dict[object, str]:
    with path.open("rb") as file:
        return {name: said for name, said in GNUTranslations(file)._catalog.items() if name}


def test_no_sentence_lacks_its_german(tmp_path):
    copy = tmp_path / "pgworkflows"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    making = [sys.executable, "-m", "django", "makemessages", "--locale", "de", "--no-location"]
    subprocess.run(making, cwd=copy, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin"})
    for lacking in ("--untranslated", "--only-fuzzy", "--only-obsolete"):
        found = subprocess.run(["msgattrib", lacking, copy / CATALOGUE], check=True, capture_output=True, text=True).stdout
        assert found == "", lacking


def test_compiled_catalogue_is_the_written_one(tmp_path):
    subprocess.run(["msgfmt", "--check-format", PACKAGE / CATALOGUE, "-o", tmp_path / "de.mo"], check=True)
    assert compiled(tmp_path / "de.mo") == compiled((PACKAGE / CATALOGUE).with_suffix(".mo"))
