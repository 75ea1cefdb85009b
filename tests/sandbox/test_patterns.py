from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from botocore.model import ListShape, MapShape, StructureShape

from django_cognito_confirm.sandbox.patterns import matches
from django_cognito_confirm.sandbox.validation import service_model
from django_cognito_confirm.sandbox.wire import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

USERNAME = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
ATTRIBUTE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (USERNAME, "josé.o'brien+1@例え.jp", True),
        (USERNAME, "e\u0301😀٤€", True),
        (USERNAME, "", False),
        (USERNAME, "a b", False),
        (USERNAME, "a\u00a0b", False),
        (USERNAME, "a\u200db", False),
        (USERNAME, "a\n", False),
        (USERNAME, "\ud800", False),
        (ATTRIBUTE, "given name\t\r\n", True),
        (ATTRIBUTE, "a\0", False),
        (r"[\S]+", "\uff11\uff12\u200b\0", True),
        (r"[\S]+", "12\n", False),
        (r"[\S]+", "12\u00a034", True),
        (r"[\w+]+", "aZ9_+", True),
        (r"[\w+]+", "é", False),
        (r"[\w-]+_[0-9a-zA-Z]+", "eu-west-1_AbC123", True),
        (r"[\w-]+_[0-9a-zA-Z]+", "eu-west-1", False),
    ],
)
def test_patterns_match_as_java_does(pattern: str, text: str, *, fits: bool) -> None:
    assert matches(pattern, text) is fits


def test_every_pattern_of_the_requests_can_be_matched() -> None:
    def shapes(shape: Shape) -> Iterator[Shape]:
        yield shape
        if isinstance(shape, StructureShape):
            inner = list(shape.members.values())
        elif isinstance(shape, ListShape):
            inner = [shape.member]
        else:
            inner = [shape.key, shape.value] if isinstance(shape, MapShape) else []
        for child in inner:
            yield from shapes(child)

    requests = [cast("Shape", service_model().operation_model(name).input_shape) for name in OPERATIONS]
    patterns = {
        shape.metadata["pattern"] for request in requests for shape in shapes(request) if "pattern" in shape.metadata
    }

    assert len(patterns) >= 5  # botocore 1.35's model has five
    assert all(isinstance(matches(pattern, "x"), bool) for pattern in patterns)


def test_a_pattern_that_is_not_understood_is_not_guessed_at() -> None:
    with pytest.raises(NotImplementedError):
        matches(r"[\p{L}]+-[\p{N}]+", "a-1")
