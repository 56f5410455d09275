"""A million finished workflows, and in front of the queue a hundred thousand of each kind that a claim must not read.

Loaded past the triggers by the tables' owner, since a million inserts through them would take minutes.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db import connection

from pgworkflows.models import Approval

FINISHED, FRONT, ASLEEP_QUEUES = 1_000_000, 100_000, 5_000

LONELY, LATER, BACKLOG, WAITS, CALLS = "crowd.lonely", "crowd.later", "crowd.backlog", "crowd.waits", "crowd.calls"
ASLEEP = "crowd.asleep"
UNKNOWN_NAMES = 100
MARIA, MANAGERS = "maria", "managers"
DEAD_WORKER, LIVING_WORKER = 1, 2

# Ids that can be told from a number, sorted as they are made.
ID = "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"

WORKFLOWS = f"""
INSERT INTO pgworkflows_workflow
  (id, name, version, key, status, state, queue, priority, kwargs, attributes, subject_id, subject_label, requested_by_name,
   created_at, finished_at, available_at, paused_at, gate, owner_id, waiting_for, epoch, crashes, fingerprint, format)
SELECT {ID}, {{name}}, 1, {{key}}, '{{status}}', '', {{queue}}, {{priority}}, '{{{{"order": 7}}}}', '{{{{}}}}', '', '', '',
  now() - interval '3 hours', {{finished}}, {{available}}, {{paused}}, {{gate}}, {{owner}}, '[]', 0, 0, '', 1
FROM generate_series({{first}}, {{last}}) AS n
"""
TASKS = f"""
INSERT INTO pgworkflows_task (workflow_id, branch, seq, kind, name, status, attempt, correlation)
SELECT {ID}, '', 0, '{{kind}}', '{{name}}', '{{status}}', 1, {{correlation}} FROM generate_series({{first}}, {{last}}) AS n
"""
HISTORY = f"""
INSERT INTO pgworkflows_history (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note)
SELECT {ID}, 'complete', 'PENDING', 'COMPLETED', '', now(), '', '', '', '' FROM generate_series(1, {FINISHED}) AS n
"""
EVENTS = """
INSERT INTO pgworkflows_event (workflow_id, name, correlation, sent_at, sent_by, delivered_at, parked, task_id)
SELECT {workflow}, 'go', {correlation}, now(), '', {delivered}, {parked}, {task}
FROM generate_series({first}, {last}) AS n
"""
WORKERS = """
INSERT INTO pgworkflows_worker (id, name, queues, definitions, direct, lease, started_at, connected_at, beat_at)
VALUES (%(dead)s, 'dead', '[]', '{}', true, '30 s', now(), now(), now() - interval '1 hour'),
       (%(living)s, 'living', '[]', '{}', true, '30 s', now(), now(), now())
"""


# Copies of one approval; what is named here differs.
APPROVALS = f"""
INSERT INTO pgworkflows_approval
SELECT (jsonb_populate_record(a, jsonb_build_object('id', n, 'workflow_id', {ID}, 'status', %(status)s::text))).*
FROM pgworkflows_approval a, generate_series(%(first)s, %(last)s) AS n WHERE a.id = %(model)s
"""
NAMED_GROUPS = """
INSERT INTO pgworkflows_approval_groups (approval_id, group_id) SELECT n, %(group)s FROM generate_series(%(first)s, %(last)s) AS n
"""


class Numbers:
    """Gives each kind of row numbers of its own, and remembers where each begins."""

    def __init__(self, first: int = 1) -> None:
        self.next = first
        self.first: dict[str, int] = {}

    def take(self, kind: str, count: int) -> dict[str, int]:
        """Return the bounds of the next so many."""
        first = self.first[kind] = self.next
        self.next += count
        return {"first": first, "last": self.next - 1}


def workflow_id(number: int) -> str:
    """Return the id that the load gives to a number."""
    return f"01900000-0000-7000-8000-{number:012x}"


def load() -> dict[str, int]:
    """Fill the tables of the database that Django is connected to; return the first number of each kind of workflow."""
    numbers = Numbers()
    execute("SET session_replication_role = replica")
    execute("ALTER TABLE pgworkflows_history DISABLE TRIGGER history_only_by_trigger")
    load_workflows(numbers)
    load_what_belongs_to_them(numbers.first)
    load_approvals()
    execute("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger")
    execute("RESET session_replication_role")
    execute("VACUUM (ANALYZE)")
    return numbers.first


def load_workflows(numbers: Numbers) -> None:
    """Load what has ended, what nobody here knows, what is not due, a backlog, waits, and calls in flight."""

    def add(kind: str, count: int, **columns: object) -> None:
        plain = {
            "name": f"'{kind}'", "key": "NULL", "status": "PENDING", "queue": "'default'", "priority": 0,
            "finished": "NULL", "available": "NULL", "paused": "NULL", "gate": "NULL", "owner": "NULL",
        }  # fmt: skip
        execute(WORKFLOWS.format(**plain | columns | numbers.take(kind, count)))

    add("finished", FINISHED, name=f"'{BACKLOG}'", key="'k' || n", status="COMPLETED", finished="now()")
    unknown = f"'crowd.' || CASE n % 2 WHEN 0 THEN 'a' ELSE 'z' END || n % {UNKNOWN_NAMES}"
    add("unknown", FRONT, name=unknown, priority=100, available="now() - interval '2 hours'")
    add(LATER, FRONT, available="now() + interval '1 day' + n * interval '1 microsecond'")
    add("later, due", 100, name=f"'{LATER}'", available="now() - interval '1 minute'")
    add(BACKLOG, FRONT, available="now() - interval '2 hours' + n * interval '1 microsecond'")
    add("behind", 1_000, name=f"'{BACKLOG}'", available="now() - interval '1 minute'")
    add("paused", FRONT // 2, name=f"'{LONELY}'", available="now() - interval '2 hours'", paused="now()")
    add("gated", FRONT // 2, name=f"'{LONELY}'", available="now() - interval '2 hours'", gate="'sms'")
    add(LONELY, 100, available="now() - interval '1 minute'")
    add(ASLEEP, ASLEEP_QUEUES, queue="'q' || n", available="now() + interval '1 day'")
    add(WAITS, FRONT, status="WAITING")
    add(CALLS, 10_000, status="RUNNING", owner=LIVING_WORKER)
    add("lost", 20, name=f"'{CALLS}'", status="RUNNING", owner=DEAD_WORKER)


def load_what_belongs_to_them(first: dict[str, int]) -> None:
    """Load a task, a history row and an event for each that has ended, open waits, and events that nobody waits for."""
    ended = {"first": 1, "last": FINISHED}
    waiting = {"first": first[WAITS], "last": first[WAITS] + FRONT - 1}
    execute(WORKERS, {"dead": DEAD_WORKER, "living": LIVING_WORKER})
    execute(TASKS.format(kind="STEP", name="charge", status="COMPLETED", correlation="NULL", **ended))
    correlation = "'c' || n"
    execute(TASKS.format(kind="EVENT", name="go", status="WAITING", correlation=correlation, **waiting))
    execute(HISTORY)
    execute(EVENTS.format(workflow=ID, correlation="NULL", delivered="now()", parked="false", task="n", **ended))
    nobody = {"workflow": "NULL", "correlation": "'nobody' || n", "delivered": "NULL", "parked": "true", "task": "NULL"}
    execute(EVENTS.format(**nobody, **waiting))


def load_approvals() -> None:
    """Load many decided ones that named MANAGERS, some that others have to decide, and a few that MARIA has to."""
    managers, others = (Group.objects.create(name=name) for name in (MANAGERS, "others"))
    maria = User.objects.create_user(MARIA)
    maria.groups.add(managers)
    model = Approval.objects.create(
        workflow_id=workflow_id(1), seq=1, request=1, kind="crowd", title="?", created_at=maria.date_joined
    )
    model.users.add(maria)
    numbers = Numbers(model.pk + 1)
    for group, status, count in ((managers, "APPROVED", 2 * FRONT), (others, "PENDING", 5_000), (managers, "PENDING", 20)):
        part = numbers.take(status, count)
        execute(APPROVALS, {"status": status, "model": model.pk, **part})
        execute(NAMED_GROUPS, {"group": group.pk, **part})


def execute(statement: str, parameters: dict[str, object] | None = None) -> None:
    """Run one statement on Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
