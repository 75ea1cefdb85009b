"""Refuses requests that Cognito's API model forbids: members that are required, their types, lengths and patterns.

botocore checks less before it sends: neither maximal lengths nor patterns nor enumerations.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from . import errors
from .errors import CognitoError
from .patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON_TYPES: dict[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}


@lru_cache
def service_model() -> ServiceModel:
    """Return botocore's model of Cognito user pools. Read from disk once a process."""
    return botocore.session.get_session().get_service_model("cognito-idp")


def validate(operation: str, request: Any) -> dict[str, Any]:
    """Return the members of ``request``, parsed JSON, that ``operation`` knows; a null is a member that was left out.

    Raises ``CognitoError``: SerializationException for a wrong type, InvalidParameterException with every violation.
    """
    shape = cast("StructureShape", service_model().operation_model(operation).input_shape)
    violations = list(_violations(shape, request, ""))
    if violations:
        # Cognito may repeat values that its model does not call sensitive. The sandbox repeats none, for codes are not.
        plural = "s" if len(violations) > 1 else ""
        message = f"{len(violations)} validation error{plural} detected: {'; '.join(violations)}"
        raise CognitoError("InvalidParameterException", message)
    return {name: request[name] for name in shape.members if request.get(name) is not None}


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    wanted: Any = _JSON_TYPES[shape.type_name]
    # A bool is an int to Python, and is not to JSON.
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise errors.WRONG_TYPE.error(found=type(value).__name__, wanted=shape.type_name)
    if isinstance(shape, StructureShape):
        yield from _member_violations(shape, value, path)
    elif isinstance(shape, ListShape):
        for position, item in enumerate(value, start=1):
            yield from _violations(shape.member, item, f"{path}.{position}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _violations(shape.key, key, path)
            yield from _violations(shape.value, item, path)
    else:
        for constraint in _broken_constraints(shape, value):
            yield f"Value at '{path}' failed to satisfy constraint: Member must {constraint}"


def _member_violations(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        member_path = f"{path}.{_camel(name)}" if path else _camel(name)
        if value.get(name) is not None:
            yield from _violations(member, value[name], member_path)
        elif name in shape.required_members:
            yield f"Value at '{member_path}' failed to satisfy constraint: Member must not be null"


def _broken_constraints(shape: Shape, value: Any) -> Iterator[str]:
    metadata = shape.metadata
    size, noun = (len(value), "length") if isinstance(value, str) else (int(value), "value")
    if "min" in metadata and size < metadata["min"]:
        yield f"have {noun} greater than or equal to {metadata['min']}"
    if "max" in metadata and size > metadata["max"]:
        yield f"have {noun} less than or equal to {metadata['max']}"
    if "pattern" in metadata and not matches(metadata["pattern"], value):
        yield f"satisfy regular expression pattern: {metadata['pattern']}"
    if "enum" in metadata and value not in metadata["enum"]:
        yield f"satisfy enum value set: [{', '.join(metadata['enum'])}]"


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
