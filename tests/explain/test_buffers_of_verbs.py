"""Beside a million finished workflows each hot verb reads what it is about; without its index it reads far more."""

import pytest

from pgworkflows.store.connection import query
from tests.explain.plans import buffers
from tests.explain.verbs import VERBS, Verb

every_verb = pytest.mark.parametrize("verb", [pytest.param(verb, id=name) for name, verb in VERBS.items()])
on_an_index = pytest.mark.parametrize("verb", [pytest.param(verb, id=name) for name, verb in VERBS.items() if verb.index])


@every_verb
def test_verb_reads_no_more_than_needed(crowded, verb: Verb):
    assert buffers(verb.prepare(crowded)) < verb.most


DROP = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_constraint WHERE conname = '{index}') THEN
    EXECUTE (SELECT format('ALTER TABLE %%s DROP CONSTRAINT {index} CASCADE', conrelid::regclass) FROM pg_constraint
             WHERE conname = '{index}' AND contype IN ('p', 'u'));
  ELSE
    DROP INDEX {index};
  END IF;
END $$
"""


@on_an_index
def test_verb_needs_its_index(crowded, verb: Verb):
    call = verb.prepare(crowded)
    query(DROP.format(index=verb.index), {})
    assert buffers(call, warm_up=0) > verb.most
