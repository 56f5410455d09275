"""An outside call as names and text, so that any executor can make it in any process."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from typing import Any

from ..definitions.step import Step
from ..values.encoding import dump, load
from ..values.position import Position
from .context import StepInfo, WorkflowInfo
from .outside import OutsideCall, OutsideResult, needs_executor
from .outside import perform as make

#: What of a result is not known from the call.
_ANSWER = ("text", "error", "retry_after", "snooze")


def pack(call: OutsideCall) -> str:
    """Return the call as text; raise NotStorable where an argument is none that can be recorded."""
    undone = call.info.compensates
    return json.dumps(
        {
            "settings": os.environ.get("DJANGO_SETTINGS_MODULE"),
            "step": undone.name if undone else call.step.name,
            "undo": undone is not None,
            "needs": needs_executor(call.step),
            "module": call.step.function.__module__,
            "arguments": dump(call.arguments, f"the arguments of step {call.step.name}"),
            "of": dump(_shallow(call.of), f"the workflow of step {call.step.name}"),
            "info": dump(_placed(call.info), f"step {call.step.name}"),
            "undone": dump(_placed(undone), f"step {call.step.name}") if undone else None,
            "epoch": call.epoch,
        }
    )


def _shallow(info: WorkflowInfo | StepInfo) -> dict[str, Any]:
    return {field.name: getattr(info, field.name) for field in fields(info) if field.name != "compensates"}


def _placed(info: StepInfo) -> dict[str, Any]:
    return _shallow(info) | {"position": list(info.position)}


def _step_info(text: str) -> StepInfo:
    told = load(text)
    return StepInfo(**told | {"position": Position(*told["position"])})


def perform(step: Step[..., Any], packed: dict[str, Any]) -> str:
    """Make a packed call here; return its answer as text."""
    undone = packed["undone"]
    info = replace(_step_info(packed["info"]), compensates=_step_info(undone) if undone else None)
    call = OutsideCall(
        epoch=packed["epoch"],
        step=step,
        arguments=load(packed["arguments"]),
        info=info,
        of=WorkflowInfo(**load(packed["of"])),
    )
    result = make(call)
    return json.dumps({key: getattr(result, key) for key in _ANSWER})


def unpack(call: OutsideCall, answer: Any) -> OutsideResult:
    """Read the answer; a result that cannot be read here counts as a failure, since the call was made."""
    told = json.loads(answer)
    try:
        load(told.get("text"))
    except Exception as error:
        return OutsideResult.failed(call, error)
    return OutsideResult(key=call.key, **told)
