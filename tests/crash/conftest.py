"""Worker processes, and what they left behind."""

from collections import Counter

import pytest

from tests.ledger.models import Entry
from tests.workers import fleet  # noqa: F401 - a fixture


@pytest.fixture
def effects(transactional_db):
    """Count the entries by name."""
    return lambda: Counter(Entry.objects.values_list("name", flat=True))
