"""What the sandbox remembers: users, the names they answer to, attempts, sessions, keys and the messages it sent."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import models, router, transaction
from django.db.models import F
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Iterator


def new_sub() -> str:
    """Return a new ``sub``: a random UUID, 36 characters."""
    return str(uuid.uuid4())


class SandboxUser(models.Model):
    """A user of one user pool."""

    class Status(models.TextChoices):
        """Cognito's ``UserStatus``, those values that are still given."""

        UNCONFIRMED = "UNCONFIRMED"
        CONFIRMED = "CONFIRMED"
        RESET_REQUIRED = "RESET_REQUIRED"
        FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105 (a status)
        EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"

    user_pool_id = models.CharField(max_length=55)
    username = models.CharField(
        max_length=128, db_index=True, help_text="As typed, or the sub in pools of sign-in attributes."
    )
    sub = models.CharField(max_length=36, unique=True, default=new_sub)
    password = models.CharField(max_length=128, help_text="Hashed by PASSWORD_HASHERS.")
    status = models.CharField(max_length=32, choices=Status.choices, default=Status.UNCONFIRMED)
    enabled = models.BooleanField(default=True)
    email = models.CharField(max_length=320, blank=True, db_index=True)
    email_verified = models.BooleanField(default=False)
    phone_number = models.CharField(max_length=16, blank=True, db_index=True)
    phone_number_verified = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict, blank=True, help_text="All other attributes, values as strings.")
    code = models.CharField(max_length=6, blank=True, help_text="The one live code; empty when there is none.")
    code_attribute = models.CharField(max_length=32, blank=True, help_text="What a right code verifies.")
    code_sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.username

    @contextmanager
    def locked(self) -> Iterator[SandboxUser]:
        """Open a transaction that holds this user's row, and yield the row as it is now.

        An UPDATE takes the lock, because it works on every database: SQLite has no ``SELECT … FOR UPDATE``, and its
        transactions that begin with a read and go on with a write fail at once where they should wait.
        """
        database = router.db_for_write(SandboxUser, instance=self)
        users = SandboxUser.objects.using(database).filter(pk=self.pk)
        with transaction.atomic(using=database):
            users.update(enabled=F("enabled"))
            yield users.get()


class SignInName(models.Model):
    """A name that finds a user: the username, and every alias from the moment that it is active.

    Unique in its pool, so that of two people who claim one alias at once, one gets it.
    """

    user_pool_id = models.CharField(max_length=55)
    key = models.CharField(max_length=64, help_text="Pool.username_key of the name.")
    user = models.ForeignKey(SandboxUser, on_delete=models.CASCADE, related_name="sign_in_names")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_pool_id", "key"], name="cognito_sandbox_one_user_a_name")]

    def __str__(self) -> str:
        return self.key


class Attempt(models.Model):
    """One request that counts against a user's hourly limit."""

    class Kind(models.TextChoices):
        """What is limited, each by itself."""

        CONFIRM = "confirm"
        RESEND = "resend"

    user = models.ForeignKey(SandboxUser, on_delete=models.CASCADE, related_name="attempts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


class SandboxSession(models.Model):
    """A ``Session`` that was handed out; only its digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(SandboxUser, on_delete=models.CASCADE, related_name="sessions")
    expires_at = models.DateTimeField()
    signs_in = models.BooleanField(default=False, help_text="Handed out for a right code: InitiateAuth takes it.")

    def __str__(self) -> str:
        return f"until {self.expires_at}"


class SigningKey(models.Model):
    """A key pair that signs the tokens of a pool, the newest one; the tokens of older ones stay good.

    In the database, since all processes of a site must sign with one and the same.
    """

    user_pool_id = models.CharField(max_length=55, db_index=True)
    kid = models.CharField(max_length=64, unique=True)
    private_key = models.TextField(help_text="PEM, not encrypted: it guards nothing but this sandbox.")

    def __str__(self) -> str:
        return self.kid


class Message(models.Model):
    """An e-mail or SMS that was sent, for a mailbox page. Newest first."""

    class Medium(models.TextChoices):
        """Cognito's ``DeliveryMedium``."""

        EMAIL = "EMAIL"
        SMS = "SMS"

    user = models.ForeignKey(SandboxUser, on_delete=models.CASCADE, related_name="messages")
    medium = models.CharField(max_length=5, choices=Medium.choices)
    destination = models.CharField(max_length=320, help_text="The address or number, not masked.")
    code = models.CharField(max_length=6)
    body = models.TextField()
    sent_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-sent_at", "-id"]

    def __str__(self) -> str:
        # Without the code: this text ends up in logs.
        return f"{self.medium} to {self.destination}"
