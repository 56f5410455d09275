"""The JSON that arguments, results and payloads are stored as.

Plain JSON where that suffices. Else an object with one key that begins with `$`:
`$decimal`, `$datetime`, `$date`, `$time`, `$timedelta` (seconds), `$uuid`, `$enum`, `$dataclass`, `$model`, and `$float`
for those that jsonb would give back as an integer.
A user's own key that begins with `$` is stored with a second `$` in front.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import decimal
import enum
import json
import math
import sys
import uuid
from collections.abc import Callable
from hashlib import blake2b
from types import ModuleType
from typing import Any, NoReturn

from django.apps import apps
from django.db import models
from django.utils.functional import Promise

from ..conf import conf
from ..exceptions import NotStorable, QueryInBody
from .moments import read_datetime, write_datetime, write_time
from .texts import check_size, storable_text

#: Workflow.format of rows whose kwargs are this encoding, and of rows whose kwargs are plain JSON from elsewhere.
TAGGED, PLAIN = 1, 0


class ModelReference:
    """A model's row as a body sees it: its class and its `pk`, nothing that needs a query."""

    __slots__ = ("model", "pk")

    def __init__(self, model: type[models.Model], pk: Any) -> None:
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "pk", pk)

    @property
    def _meta(self) -> Any:
        return self.model._meta

    def __reduce__(self) -> Any:
        return ModelReference, (self.model, self.pk)

    @property  # type: ignore[misc]
    def __class__(self) -> type[models.Model]:  # type: ignore[override] # isinstance(reference, Order) holds as in a step
        return self.model

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # what copy, pickle and inspect ask any object for
            raise AttributeError(name)
        raise QueryInBody("this workflow", f"{self.model._meta.label}.{name} of the row with pk {self.pk!r}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise QueryInBody("this workflow", f"setting {self.model._meta.label}.{name}")

    def __eq__(self, other: object) -> bool:
        return getattr(other, "pk", None) == self.pk and isinstance(other, self.model)

    def __hash__(self) -> int:
        return hash(self.pk)

    def __repr__(self) -> str:
        return f"<{self.model._meta.label} {self.pk!r}>"

    def fetch(self) -> models.Model:
        """Read the row as it is now; raise the model's DoesNotExist when it is gone."""
        return self.model._base_manager.using(conf().DATABASE).get(pk=self.pk)


def path_of(thing: type) -> str:
    """Return `module:qualified.name`, by which `loaded_class` finds it again."""
    return f"{thing.__module__}:{thing.__qualname__}"


def loaded_class(path: str, kind: type = object) -> Any:
    """Return the class, a subclass of `kind`, that `path_of` named; raise LookupError or TypeError.

    A path may come from a row, so nothing is imported and no code runs: only loaded modules are looked at.
    """
    module, _, qualname = path.partition(":")
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = vars(found).get(part) if isinstance(found, ModuleType | type) else None
    if found is None:
        raise LookupError(f"{path} is in no loaded module. Import it in a workflows.py.")
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise TypeError(f"{path} is no {kind.__name__}.")
    return found


def encode(value: Any, where: str) -> Any:
    """Return the value as JSON data; raise NotStorable naming `where`."""
    kind = type(value)
    if value is None or kind is bool or kind is int:
        return value
    if kind is str:
        return storable_text(value, where)
    if kind is list or kind is tuple:
        return [encode(item, where) for item in value]
    if kind is dict:
        coded = [(_encode_key(key, where), encode(item, where)) for key, item in value.items()]
        # As jsonb orders keys, so that the first run sees the order that replays see.
        return dict(sorted(coded, key=lambda pair: (len(pair[0].encode()), pair[0].encode())))
    if kind is float:
        return _encode_float(value, where)
    return _encode_tagged(value, where)


def _encode_float(value: float, where: str) -> Any:
    if not math.isfinite(value):
        raise NotStorable(where, f"{value} is not a number that JSON knows.")
    text = repr(value)
    return {"$float": text} if "e+" in text or text == "-0.0" else value


def _encode_key(key: Any, where: str) -> str:
    if not isinstance(key, str) or isinstance(key, enum.Enum):
        raise NotStorable(where, f"the key {key!r} is not text.")
    text = storable_text(str.__str__(key), where)
    return "$" + text if text.startswith("$") else text


def _encode_tagged(value: Any, where: str) -> Any:
    if isinstance(value, enum.Enum):
        return {"$enum": [importable_path(type(value), where), *_encode_member(value, where)]}
    if type(value) is ModelReference or isinstance(value, models.Model):
        return _encode_model(value, where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        content = {f.name: encode(getattr(value, f.name), f"{where}.{f.name}") for f in dataclasses.fields(value)}
        return {"$dataclass": [importable_path(type(value), where), content]}
    kind = type(value)
    for tag, known, written in _WRITERS:
        # A test that freezes time puts a class of its own in the place of datetime's.
        if kind is known or kind is getattr(datetime, known.__name__, None):
            return {tag: written(value, where)}
    if isinstance(value, str | Promise):
        return storable_text(str(value), where)
    for plain in (int, float, *(known for _, known, _ in _WRITERS)):
        if isinstance(value, plain):
            raise NotStorable(where, f"{value!r} is a {kind.__name__}, and would come back as {plain.__name__}. Pass that.")
    raise NotStorable(
        where,
        f"{value!r} is a {type(value).__name__}. Pass text, numbers, lists, dicts, Decimal, dates, UUIDs, enums, "
        "dataclasses or saved model instances.",
    )


def _encode_member(value: enum.Enum, where: str) -> list[Any]:
    """Return by what a member is found again, and the value that is shown of it, where that is another."""
    if isinstance(value, enum.Flag):
        return [value.value]
    if not isinstance(value.value, str | int | float):
        return [value.name]
    try:
        return [value.name, encode(value.value, where)]
    except NotStorable:  # it is only shown
        return [value.name]


_MICROSECOND = datetime.timedelta(microseconds=1)
_WRITERS: tuple[tuple[str, type, Callable[[Any, str], Any]], ...] = (
    ("$decimal", decimal.Decimal, lambda value, _: str(value)),
    ("$datetime", datetime.datetime, write_datetime),
    ("$date", datetime.date, lambda value, _: value.isoformat()),
    ("$time", datetime.time, write_time),
    ("$timedelta", datetime.timedelta, lambda value, _: str(decimal.Decimal(value // _MICROSECOND).scaleb(-6))),
    ("$uuid", uuid.UUID, lambda value, _: str(value)),
)


def importable_path(kind: type, where: str) -> str:
    """Return `module:qualified.name`; raise NotStorable naming `where` if that does not find the class again."""
    path: str = path_of(kind)
    try:
        found = loaded_class(path)
    except (LookupError, TypeError):
        found = None
    if found is not kind:
        raise NotStorable(where, f"its class {path} cannot be imported by name. Move the class to the top of a module.")
    return path


def _encode_model(value: Any, where: str) -> Any:
    model = value.model if type(value) is ModelReference else type(value)
    if value.pk is None or (type(value) is not ModelReference and value._state.adding):
        raise NotStorable(where, f"the {model._meta.label} has not been saved yet. Save it first.")
    return {"$model": [model._meta.label, encode(value.pk, where)]}


def decode(data: Any) -> Any:
    """Return what `encode` was given; model instances come back as ModelReference."""
    if isinstance(data, dict):
        if len(data) == 1:
            ((tag, content),) = data.items()
            reader = _READERS.get(tag)
            if reader is not None:
                return reader(content)
        return {key[1:] if key.startswith("$$") else key: decode(item) for key, item in data.items()}
    if isinstance(data, list):
        return [decode(item) for item in data]
    return data


def _decode_dataclass(content: Any) -> Any:
    kind = loaded_class(content[0])
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise TypeError(f"{content[0]} is no longer a dataclass.")
    values = {key: decode(item) for key, item in content[1].items()}
    later = [field.name for field in dataclasses.fields(kind) if not field.init and field.name in values]
    made = kind(**{key: value for key, value in values.items() if key not in later})
    for name in later:
        object.__setattr__(made, name, values[name])
    return made


def _decode_enum(content: Any) -> Any:
    kind = loaded_class(content[0], enum.Enum)
    return kind[content[1]] if isinstance(content[1], str) else kind(content[1])


_READERS: dict[str, Callable[[Any], Any]] = {
    "$decimal": decimal.Decimal,
    "$datetime": read_datetime,
    "$date": datetime.date.fromisoformat,
    "$time": datetime.time.fromisoformat,
    "$timedelta": lambda content: int(decimal.Decimal(str(content)).scaleb(6)) * _MICROSECOND,
    "$uuid": uuid.UUID,
    "$float": float,
    "$enum": _decode_enum,
    "$dataclass": _decode_dataclass,
    "$model": lambda content: ModelReference(apps.get_model(content[0]), decode(content[1])),
}


# json.dumps() would make an encoder anew at each call.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# json.loads() would look for space before and behind, which neither `dump` nor jsonb writes.
_from_json = json.JSONDecoder().raw_decode


def dump(value: Any, where: str) -> str:
    """Return the value as JSON text; raise NotStorable naming `where`, also when it is larger than MAX_PAYLOAD_BYTES."""
    try:
        text = _word(value) or _to_json(encode(value, where))
    except RecursionError:
        raise NotStorable(where, "it contains itself, or is nested too deeply.") from None
    except ValueError as error:
        raise NotStorable(where, f"{error}.") from error
    return check_size(text, where)


def _word(value: Any) -> str:
    """Return the JSON of what most steps return, for which an encoder is dear; "" for anything else."""
    if value is None:
        return "null"
    kind = type(value)
    return str(value) if kind is int else str(value).lower() if kind is bool else ""


def digest(value: Any, where: str) -> str:
    """Return what equal values have in common, in 16 hexadecimal digits; raise NotStorable naming `where`."""
    return blake2b(dump(value, where).encode(), digest_size=8).hexdigest()


def load(text: str | None) -> Any:
    """Return what `dump` was given; None for no text."""
    return None if text is None else decode(_from_json(text)[0])


_PLAIN_TYPES = (str, int, bool, float, type(None))


def with_rows(value: Any) -> Any:
    """Replace every ModelReference by its fresh row, as a step receives it."""
    if type(value) in _PLAIN_TYPES:
        return value
    if type(value) is ModelReference:
        return value.fetch()
    if isinstance(value, list):
        return [with_rows(item) for item in value]
    if isinstance(value, dict):
        return {key: with_rows(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        made = copy.copy(value)
        for field in dataclasses.fields(value):
            object.__setattr__(made, field.name, with_rows(getattr(value, field.name)))
        return made
    return value
