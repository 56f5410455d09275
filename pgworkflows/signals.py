"""What the engine tells the project, after the commit, through `send_robust`.

The engine's bulk SQL passes django-fsm's signals by; these are the hook instead.
A receiver runs at most once: it is lost when the process dies between the commit and the call.
"""

from __future__ import annotations

from django.dispatch import Signal

#: A workflow's status changed. Arguments: workflow (UUID), name, from_status, to_status, error (str).
workflow_changed = Signal()
#: An attempt of a step failed. Arguments: workflow (UUID), name, step, attempt, error (str), final (bool).
step_failed = Signal()
#: A worker process began or ended. Arguments: worker (str), started (bool).
worker_changed = Signal()
#: A worker knows another body than unfinished runs began with. Arguments: name, version, unfinished (int).
definition_changed = Signal()
#: Something of a project's own failed where nothing may be raised. Arguments: what (str), error (BaseException).
neighbour_failed = Signal()
