"""What programs send: the fields of the forms, cleaned and refused alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from ..forms import CodeField as CodeFormField
from ..forms import UsernameField as UsernameFormField
from ..inputs import MAX_CODE_LENGTH, MAX_USERNAME_LENGTH, clean_code, clean_username
from ..masking import SecretStr
from ..user_context import MAX_ENCODED_DATA_LENGTH
from ..visitors import MAX_NEXT_LENGTH


class _CleanedField(serializers.CharField):
    """A string that goes through one of ``inputs``' functions before anything else looks at it."""

    clean_input: Callable[[str], str]

    def run_validation(self, data: Any = empty) -> Any:
        if data is None or (isinstance(data, str) and not data.strip()):
            self.fail("required")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):  # a number would have lost its zeros on the way
            self.fail("invalid")
        try:
            return type(self).clean_input(data)
        except ValueError:
            pass
        return self.fail("invalid")


class UsernameField(_CleanedField):
    """The name that a person signs in with."""

    clean_input = staticmethod(clean_username)
    default_error_messages = UsernameFormField.default_error_messages


class CodeField(_CleanedField):
    """The code, as it may be typed."""

    clean_input = staticmethod(clean_code)
    default_error_messages = CodeFormField.default_error_messages


class _EncodedDataField(serializers.CharField):
    """What AWS's script made: reports do not show it."""

    def to_internal_value(self, data: Any) -> str:
        return SecretStr(super().to_internal_value(data))


class ResendCodeSerializer(serializers.Serializer[Any]):
    """Who wants a new code: nobody need say so whose browser session waits to confirm a sign-up."""

    username = UsernameField(
        required=False,
        help_text="What this person signs in with. Needed unless this browser session waits to confirm a sign-up. "
        f"At most {MAX_USERNAME_LENGTH} characters, without spaces.",
    )
    next = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=f"Where to go after success: a path on this host of at most {MAX_NEXT_LENGTH} characters. "
        "Anything else is dropped.",
    )
    encoded_data = _EncodedDataField(
        required=False,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        help_text="What AWS's script for threat protection made, where the pool is set to pass it on. "
        f"More than {MAX_ENCODED_DATA_LENGTH:,} characters are dropped.",
    )

    def __init__(self, *args: Any, ask_username: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].required = ask_username


class ConfirmSignUpSerializer(ResendCodeSerializer):
    """The code, and whose it is."""

    code = CodeField(
        help_text=f"As it stands in the message, of at most {MAX_CODE_LENGTH:,} characters; "
        "spaces and hyphens do no harm."
    )
