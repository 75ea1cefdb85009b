"""The forms: a username and a code. They refuse, without a call, what Cognito would refuse by its form."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .inputs import MAX_CODE_LENGTH, clean_code, clean_username

# Translators: A field's label.
_USERNAME = _("Username")
_SIGN_IN_NAMES = {
    frozenset({"email"}): (_("E-mail address"), "email"),
    frozenset({"phone_number"}): (_("Phone number"), "tel"),
    # Translators: A field's label: either of the two is right.
    frozenset({"email", "phone_number"}): (_("E-mail address or phone number"), "email"),
}
"""By ``USERNAME_ATTRIBUTES``: what the field for the username is called there, and the keyboard for it."""


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
        # Translators: Beside an empty field for a username, an e-mail address or a phone number.
        "required": _("Fill this in as you did when you signed up."),
        # Translators: Beside a field for a username, an e-mail address or a phone number.
        "invalid": _("This does not look right. Enter it as you did when you signed up, without spaces."),
    }
    widget = forms.TextInput(
        attrs={
            "autocomplete": "username",
            "autocapitalize": "none",
            "autocorrect": "off",
            "spellcheck": "false",
            # Right to left, a phone number would end in its plus sign.
            "dir": "auto",
        }
    )


class CodeField(_CleanedField):
    """The code: spaces, hyphens and full-width digits do no harm, and leading zeros stay."""

    clean_input = staticmethod(clean_code)
    default_error_messages = {
        # Translators: Beside an empty field for the code. The message is an e-mail or a text message.
        "required": _("Enter the code from the message that we sent you."),
        "invalid": _("This is not a code. Enter it as it stands in the message that we sent you."),
    }
    widget = forms.TextInput(
        attrs={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "autocapitalize": "none",
            "autocorrect": "off",
            "spellcheck": "false",
            "maxlength": MAX_CODE_LENGTH,
        }
    )


class _UsernameForm(forms.Form):
    """Asks who somebody is, unless the browser session knows (``ask_username=False``).

    ``username_attributes`` are the pool's: what people sign in with instead of a username.
    """

    username = UsernameField(label=_USERNAME)

    def __init__(
        self, *args: Any, ask_username: bool = True, username_attributes: Collection[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not ask_username:
            del self.fields["username"]
        elif name := _SIGN_IN_NAMES.get(frozenset(username_attributes)):
            self.fields["username"].label, self.fields["username"].widget.attrs["inputmode"] = name
        if self.fields:
            self.focus(self.first_empty())

    def first_empty(self) -> str:
        """Return the name of the first field that nothing fills in, of the last one where all are."""
        empty = (name for name, field in self.fields.items() if not self.get_initial_for_field(field, name))
        return next(empty, list(self.fields)[-1])

    def focus(self, name: str) -> None:
        """Let the page begin in the field called ``name``, ``""`` for none."""
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        if name:
            self.fields[name].widget.attrs["autofocus"] = True

    def full_clean(self) -> None:
        super().full_clean()
        if wrong := [name for name in self.fields if name in self.errors]:
            self.focus(wrong[0])


class ConfirmForm(_UsernameForm):
    """Username and code, or the code alone where the browser session knows who signed up."""

    # Translators: A field's label.
    code = CodeField(label=_("Confirmation code"))

    def describe_code(self, element_id: str) -> None:
        """Let a screen reader say, with the code's field, what stands in the element of this id."""
        self.fields["code"].widget.attrs["aria-describedby"] = element_id

    def refuse_code(self, element_id: str) -> None:
        """Show that the code was wrong; the element of this id says so."""
        self.describe_code(element_id)
        self.fields["code"].widget.attrs["aria-invalid"] = "true"
        self.focus("code")


class ResendForm(_UsernameForm):
    """Who wants a new code; nothing to ask where the browser session knows it."""
