"""The shapes of what programs are told, for the schema: the answers themselves are made where the pages' are."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class DeliverySerializer(serializers.Serializer[Any]):
    """Where Cognito says that it sent a code."""

    destination = serializers.CharField(help_text="Masked by Cognito, such as a***@e***.")
    medium = serializers.CharField(help_text='"EMAIL", "SMS" or "".')
    attribute = serializers.CharField(help_text='"email", "phone_number" or "".')


class SignUpStateSerializer(serializers.Serializer[Any]):
    """How things stand in this browser session."""

    pending = serializers.BooleanField(help_text="Whether a sign-up waits here: the code alone is asked for.")
    confirmed = serializers.BooleanField(help_text="Whether a sign-up was confirmed here within a day.")
    username = serializers.CharField(help_text='The name to fill in, "" where none is known.')
    delivery = DeliverySerializer(allow_null=True)
    resend_wait = serializers.IntegerField(min_value=0, help_text="Seconds until a new code may be asked for.")
    sign_in_url = serializers.CharField()
    sign_up_url = serializers.CharField(allow_null=True)
    csrf_token = serializers.CharField(help_text="For the header X-CSRFToken.")


class SignUpConfirmedSerializer(serializers.Serializer[Any]):
    """Success."""

    confirmed = serializers.BooleanField()
    signed_in = serializers.BooleanField(help_text="Whether the confirmation has also signed this person in.")
    next = serializers.CharField(
        help_text="Where to go: the path that was sent, else where signing in leads, or to sign in."
    )


class CodeSentSerializer(serializers.Serializer[Any]):
    """A new code is on its way; or, to strangers, may be. In a browser that is done: that it is."""

    confirmed = serializers.BooleanField(required=False, help_text="The sign-up was confirmed here already.")
    signed_in = serializers.BooleanField(required=False, help_text="Whether that has also signed this person in.")
    detail = serializers.CharField(required=False, help_text="A sentence to show.")
    next = serializers.CharField()
    resend_wait = serializers.IntegerField(
        required=False, min_value=0, help_text="Seconds until another code may be asked for."
    )
    delivery = DeliverySerializer(required=False, allow_null=True, help_text="Told to the owner of the sign-up only.")


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with a field."""

    message = serializers.CharField()
    code = serializers.CharField()


class SignUpProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence to show.")
    kind = serializers.CharField(help_text="What happened, for programs: refused, invalid, throttled, csrf …")
    retry_after = serializers.IntegerField(required=False, min_value=0, help_text="Seconds to wait.")
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF takes the fields out of the class
        child=FieldErrorSerializer(many=True), required=False, help_text="What is wrong, by field."
    )
    sign_in_url = serializers.CharField(required=False)
    resend_url = serializers.CharField(required=False)
