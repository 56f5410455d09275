"""Projects beside whose settings and packages we have to work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beside.projects import Project, made


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Give a small project; `migrate()` makes its tables."""
    with made(tmp_path) as project:
        yield project
