"""The forms: a username and a code. They refuse, without a call, what Cognito would refuse by its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .inputs import MAX_CODE_LENGTH, clean_code, clean_username


class _CleanedField(forms.CharField):
    """A text field whose value goes through one of ``inputs``' functions before anything else looks at it."""

    clean_input: Callable[[str], str]

    def to_python(self, value: Any) -> str:
        raw = "" if value in self.empty_values else str(value)
        if not raw.strip():
            return ""
        try:
            return type(self).clean_input(raw)
        except ValueError:
            pass
        raise ValidationError(self.error_messages["invalid"], code="invalid")


class UsernameField(_CleanedField):
    """The name that a person signs in with: trimmed, and otherwise exactly as typed."""

    clean_input = staticmethod(clean_username)
    default_error_messages = {
        "required": _("Enter the username that you signed up with."),
        "invalid": _("This cannot be a username. Enter the one that you signed up with, without spaces."),
    }
    widget = forms.TextInput(
        attrs={"autocomplete": "username", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
    )


class CodeField(_CleanedField):
    """The code: spaces, hyphens and full-width digits do no harm, and leading zeros stay."""

    clean_input = staticmethod(clean_code)
    default_error_messages = {
        "required": _("Enter the code from the message that we sent you."),
        "invalid": _("This is not a code. Enter it as it stands in the message that we sent you."),
    }
    widget = forms.TextInput(
        attrs={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "spellcheck": "false",
            "maxlength": MAX_CODE_LENGTH,
        }
    )


class _UsernameForm(forms.Form):
    """Asks who somebody is, unless the browser session knows (``ask_username=False``)."""

    username = UsernameField(label=_("Username"))

    def __init__(self, *args: Any, ask_username: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ask_username:
            del self.fields["username"]


class ConfirmForm(_UsernameForm):
    """Username and code, or the code alone where the browser session knows who signed up."""

    code = CodeField(label=_("Confirmation code"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first_empty = next(
            (name for name in self.fields if not self.get_initial_for_field(self.fields[name], name)), "code"
        )
        self.fields[first_empty].widget.attrs["autofocus"] = True

    def mark_code(self, described_by: str) -> None:
        """Tie the code's field to the element that says what is wrong with it, by that element's id."""
        attributes = {"aria-invalid": "true", "aria-describedby": described_by, "autofocus": True}
        self.fields["code"].widget.attrs.update(attributes)


class ResendForm(_UsernameForm):
    """Who wants a new code; nothing to ask where the browser session knows it."""
