"""Keeping the declared workflows in the database."""

from __future__ import annotations

import json
from typing import Any

from ..conf import conf
from ..definitions.arguments import defaults
from ..definitions.workflow import WorkflowFunction
from ..values.encoding import encode
from .connection import query

# Written only where something differs, so that a hundred starting workers do not queue up for the same rows.
WRITE = """
INSERT INTO pgworkflows_workflowdefinition AS d (name, version, fingerprint, parameters, defaults, options, steps)
VALUES (%(name)s, %(version)s, %(fingerprint)s, %(parameters)s::jsonb, %(defaults)s::jsonb, %(options)s::jsonb, %(steps)s::jsonb)
ON CONFLICT (name, version) DO UPDATE
SET fingerprint = excluded.fingerprint, parameters = excluded.parameters, defaults = excluded.defaults,
    options = excluded.options, steps = excluded.steps
WHERE (d.fingerprint, d.parameters, d.defaults, d.options, d.steps)
  IS DISTINCT FROM (excluded.fingerprint, excluded.parameters, excluded.defaults, excluded.options, excluded.steps)
"""


def write_definition(workflow: WorkflowFunction[..., Any]) -> None:
    """Insert or update the row of one definition."""
    given = {name: encode(value, f"{workflow.name}: default of {name!r}") for name, value in defaults(workflow.signature).items()}
    options = {
        "queue": workflow.queue,
        "priority": workflow.priority,
        "timeout": workflow.timeout,
        "api": workflow.api,
        "largest": conf().MAX_PAYLOAD_BYTES,
    }
    query(
        WRITE,
        {
            "name": workflow.name,
            "version": workflow.version,
            "fingerprint": workflow.fingerprint,
            "parameters": json.dumps(list(workflow.signature.parameters)),
            "defaults": json.dumps(given),
            "options": json.dumps(options),
            "steps": json.dumps([step.name for step in workflow.steps()]),
        },
    )


CHANGED = """
SELECT count(*) FROM pgworkflows_workflow
WHERE finished_at IS NULL AND name = %(name)s AND version = %(version)s AND fingerprint NOT IN ('', %(fingerprint)s)
"""


def unfinished_with_other_body(workflow: WorkflowFunction[..., Any]) -> int:
    """Count the unfinished runs of this name and version that began with another body."""
    parameters = {"name": workflow.name, "version": workflow.version, "fingerprint": workflow.fingerprint}
    return int(query(CHANGED, parameters)[0][0])
