"""The one function that executors run: it makes a call, in whatever process it finds itself."""

from __future__ import annotations

import json
import os
import socket
import traceback
from importlib import import_module
from typing import Any


def make_call(text: str) -> str:
    """Make the call that `elsewhere.pack` wrote; return what `elsewhere.unpack` reads. Nothing of the step's is raised."""
    call = json.loads(text)
    try:
        step = _find_step(call)
        from ..execution.elsewhere import perform

        return perform(step, call)
    except Exception as error:
        return json.dumps({"snooze": call["needs"], "error": json.dumps(_not_called(call, error))})


def _find_step(call: dict[str, Any]) -> Any:
    """Return the step, with Django set up and its module loaded."""
    import django
    from django.apps import apps

    if not apps.ready:
        if call["settings"]:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", call["settings"])
        django.setup()
    from ..definitions.registry import registry

    if call["step"] not in registry.steps and call["module"] != "__main__":
        import_module(call["module"])
    step = registry.steps.get(call["step"])
    if step is None:
        raise LookupError("it is not known there")
    return step.undo if call["undo"] else step


def _not_called(call: dict[str, Any], error: Exception) -> dict[str, Any]:
    """Say why nothing was called; its code, or its settings, are others than the worker's."""
    return {
        "type": "pgworkflows.executors:ExecutorUnavailable",
        "message": f"step {call['step']} cannot be called in process {os.getpid()} of {socket.gethostname()} "
        f"({type(error).__name__}: {error}). Have the same code and settings there as the worker has, and the step (it is in "
        f"{call['module']}) in the workflows.py of an installed app",
        "args": None,
        "traceback": "".join(traceback.format_exception(error))[-8000:],
    }
