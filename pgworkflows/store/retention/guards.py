"""What only the owner of the tables does to the record: lift its guards for one transaction, and leave word of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from ...conf import conf
from ...exceptions import NotAllowed
from ..actors import current_actor, recorded_as
from ..connection import query

#: One amending transaction at a time: two of them would replace the same functions.
AMENDING_LOCK = 1885828968

OWNER = """
SELECT pg_has_role(current_user, c.relowner, 'USAGE'), pg_get_userbyid(c.relowner), current_user
FROM pg_class c WHERE c.oid = 'pgworkflows_history'::regclass
"""

GUARDS = """
SELECT pg_get_functiondef(p.oid), p.oid::regprocedure::text FROM pg_proc p
WHERE p.oid IN ('pgworkflows.refuse_history_change()'::regprocedure, 'pgworkflows.refuse_history_insert()'::regprocedure,
  'pgworkflows.refuse_answer_change()'::regprocedure, 'pgworkflows.refuse_rewriting()'::regprocedure,
  'pgworkflows.refuse_removal()'::regprocedure)
"""

# Replacing what the triggers call locks no table: workers write history all the while, and see the guards as they were.
LIFT = """
CREATE OR REPLACE FUNCTION {guard} RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN COALESCE(NEW, OLD); END'
"""


@contextmanager
def amending(verb: str) -> Iterator[None]:
    """Open a transaction in which history and decisions can be changed; raise NotAllowed for who does not own the tables.

    The guards are lifted by DDL that is taken back before the commit, so that no other session ever sees them lifted.
    """
    owns, owner, role = query(OWNER)[0]
    if not owns:
        raise NotAllowed(
            f"{verb} is for the owner of the tables, {owner!r}, and this connection acts as {role!r}. "
            "Connect as the owner, as `manage.py migrate` does."
        )
    with transaction.atomic(using=conf().DATABASE), recorded_as(current_actor()):
        query("SELECT pg_advisory_xact_lock(%(lock)s, 0)", {"lock": AMENDING_LOCK})
        guards = query(GUARDS)
        for _, name in guards:
            query(LIFT.format(guard=name))
        yield
        for definition, _ in guards:
            query(definition)


LEAVE_WORD = """
INSERT INTO pgworkflows_history
  (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
SELECT w.id, %(event)s, COALESCE(w.status, ''), COALESCE(w.status, ''), COALESCE(w.state, ''), pgworkflows.now(),
  pgworkflows.setting('actor'), session_user, pgworkflows.setting('channel'), %(note)s, %(data)s::jsonb
FROM (SELECT unnest(%(workflows)s::uuid[]) AS given) g LEFT JOIN pgworkflows_workflow w ON w.id = g.given
"""


def leave_word(event: str, *, note: str, data: dict[str, Any], workflows: list[Any] | None = None) -> None:
    """Insert what was done to the record: a row for each workflow, or one that names none. Only while amending."""
    parameters = {"event": event, "note": note, "data": json.dumps(data), "workflows": workflows or [None]}
    query(LEAVE_WORD, parameters)
