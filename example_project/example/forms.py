from __future__ import annotations

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from django_cognito_confirm.inputs import MAX_USERNAME_LENGTH, clean_username


class SignUpForm(forms.Form):
    username = forms.CharField(
        max_length=MAX_USERNAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label="E-mail address",
        help_text="Cognito sends the code there. In the demo it goes to the mailbox of this site.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        max_length=256,
        strip=False,
        help_text="At least 8 characters, with a capital letter, a small one, a digit and a symbol.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        try:
            username = clean_username(self.cleaned_data["username"])
        except ValueError:
            raise ValidationError("A username has no spaces in it.") from None
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("This username is taken.")
        return username


class SignInForm(forms.Form):
    username = forms.CharField(
        max_length=MAX_USERNAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
