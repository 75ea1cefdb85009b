"""Sends codes: mails through Django's e-mail backend, SMS to the same mailbox, both kept as ``Message``.

A site that has not said how its e-mail goes out finds them in the terminal of ``manage.py runserver``.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as Terminal

from . import errors
from .models import Message, SandboxUser
from .safety import in_tests

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# "invalid" is a top-level domain that never exists (RFC 2606): a real mail server cannot deliver an SMS to a stranger.
SMS_DOMAIN = "sms.invalid"


@dataclass(frozen=True, slots=True)
class CodeDeliveryDetails:
    """Where a code went, as Cognito tells the client: the destination is masked."""

    destination: str
    medium: str
    attribute: str

    def as_json(self) -> dict[str, str]:
        """Return the structure of the API."""
        return {"Destination": self.destination, "DeliveryMedium": self.medium, "AttributeName": self.attribute}


def deliver(user: SandboxUser) -> CodeDeliveryDetails:
    """Send ``user`` the live code, to the address or number that it verifies.

    Raises CodeDeliveryFailureException when the e-mail backend fails; the user and the code stay.
    """
    destination = user.phone_number if user.code_attribute == "phone_number" else user.email
    details = describe(destination)
    body = f"Your confirmation code is {user.code}"
    if details.medium == Message.Medium.SMS:
        mail = EmailMessage(f"SMS to {destination}", body, to=[f"{destination}@{SMS_DOMAIN}"])
    else:
        mail = EmailMessage("Your verification code", body, to=[destination])
    try:
        if _site_sends_mail():
            mail.send()
        else:
            Terminal().send_messages([mail])
    except Exception as error:
        logger.warning("The sandbox could not send a message: %r", error)
        raise errors.CODE_DELIVERY_FAILURE.error() from error
    user.messages.create(medium=details.medium, destination=destination, code=user.code, body=body)
    return details


def _site_sends_mail() -> bool:
    """Return whether the site says how its e-mail goes out. Django's default wants a mail server on this machine."""
    is_set: Callable[[str], bool] = settings.is_overridden  # type: ignore[misc]
    named = hasattr(settings, "MAILERS") or any(map(is_set, ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT")))
    return named or in_tests()


def describe(destination: str) -> CodeDeliveryDetails:
    """Return what Cognito would say of a code sent to ``destination``, an e-mail address or a phone number."""
    if "@" in destination:
        return CodeDeliveryDetails(mask_email(destination), Message.Medium.EMAIL, "email")
    return CodeDeliveryDetails(mask_phone_number(destination), Message.Medium.SMS, "phone_number")


def mask_email(address: str) -> str:
    """Return ``address`` as Cognito shows it: ``a***@e***``."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain[:1]}***"


def mask_phone_number(number: str) -> str:
    """Return ``number`` as Cognito shows it: ``+*******1234``."""
    return "+" + re.sub(r"\d", "*", number[1:-4]) + number[-4:]
