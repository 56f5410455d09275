"""docs/architecture.md names every folder of the package, and nothing that is not there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "pgworkflows"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FLOORS, PLACES = (
    [line for line in PAGE.split(f"## {title}\n")[1].split("\n## ")[0].splitlines() if line.startswith("|")][2:]
    for title in ("Folders and floors", "Where is ...?")
)
LEFT_OUT = {"locale", "static", "templates", "__pycache__"}


def test_every_folder_and_module_has_a_floor():
    there = {path.name + "/" for path in PACKAGE.iterdir() if path.is_dir() and path.name not in LEFT_OUT}
    there |= {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert there == set(re.findall(r"`(\w+(?:/|\.py))`", "".join(row.split("|", 3)[2] for row in FLOORS)))


@pytest.mark.parametrize("row", PLACES, ids=lambda row: row.split("|")[1].strip())
def test_place_is_there(row):
    named = re.findall(r"`([\w/]+(?:/|\.py|\.sql))`", row)
    assert named, row
    assert [path for path in named if not (PACKAGE / path).exists()] == []
    text = "".join((PACKAGE / path).read_text(encoding="utf-8") for path in named if not path.endswith("/"))
    assert [name for name in re.findall(r"`(\w+)\(\)`", row) if name not in text] == []
