"""The ledger: what is known of each confirmation, one row for each username of a pool."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from .masking import SecretStr


class Status(models.TextChoices):
    """What the facts of a row add up to; computed by the database, the first that fits."""

    CONFIRMED = "confirmed", _("confirmed, not delivered yet")
    UNKNOWN = "unknown", _("outcome unknown")
    STARTED = "started", _("started")
    DELIVERED = "delivered", _("confirmed and delivered")
    QUEUED = "queued", _("queued")
    REJECTED = "rejected", _("rejected")
    SIGNED_UP = "signed_up", _("signed up")


_STATUS = Case(
    When(owed=True, then=Value(Status.CONFIRMED)),
    When(Q(open_attempts__gt=0) & Q(unclear=True), then=Value(Status.UNKNOWN)),
    When(open_attempts__gt=0, then=Value(Status.STARTED)),
    When(delivered_at__isnull=False, then=Value(Status.DELIVERED)),
    When(queued_at__isnull=False, then=Value(Status.QUEUED)),
    When(started_at__isnull=False, then=Value(Status.REJECTED)),
    default=Value(Status.SIGNED_UP),
)


class Job(models.Model):
    """People whom staff asked to be confirmed at once: who asked, when, and for how many.

    What became of them is in their rows, ``Confirmation.objects.filter(job=…)``, until another job takes them.
    """

    pool = models.CharField(_("pool"), max_length=64, help_text=_("Alias in COGNITO_POOLS."))
    source = models.CharField(_("source"), max_length=32, help_text=_("Where it was asked for: admin, command, …"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    requested_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    total = models.PositiveIntegerField(_("people"), default=0, help_text=_("How many were put in the queue."))
    skipped = models.PositiveIntegerField(
        _("confirmed before"), default=0, help_text=_("How many needed nothing, as the ledger had them delivered.")
    )
    problem = models.CharField(
        _("problem"), max_length=255, blank=True, help_text=_("Why the last run of it stopped before its end.")
    )

    objects: ClassVar[models.Manager[Job]]

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"#{self.pk} ({self.pool})"


class Confirmation(models.Model):
    """What is known of the confirmation of one username in one pool.

    A row holds facts, each changed by itself in an UPDATE by the functions of ``ledger``; host projects read it and
    never write it. It never holds a code, a secret or a session.
    """

    pool = models.CharField(_("pool"), max_length=64, help_text=_("Alias in COGNITO_POOLS."))
    username_key = models.CharField(
        _("username key"), max_length=64, help_text=_("SHA-256 of the username, which tells people apart.")
    )
    username = models.CharField(
        _("username"), max_length=128, blank=True, help_text=_("As signed up, else as sent to Cognito.")
    )
    sub = models.CharField(_("sub"), max_length=64, blank=True, help_text=_("Cognito's own id of the user, if known."))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("local user"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The local record that was made for this very sign-up."),
    )
    source = models.CharField(_("source"), max_length=32, blank=True, help_text=_("Who asked for it: service, form, …"))
    open_attempts = models.PositiveIntegerField(_("open attempts"), default=0)
    unclear = models.BooleanField(_("unclear"), default=False)
    owed = models.BooleanField(_("owed"), default=False)
    epoch = models.PositiveIntegerField(_("epoch"), default=0)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    job = models.ForeignKey(
        Job,
        verbose_name=_("bulk job"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("The last one that asked for this person."),
    )
    queued_at = models.DateTimeField(
        _("queued at"), null=True, blank=True, help_text=_("Waits in its job; in the future while a worker has it.")
    )
    last_error = models.CharField(_("last error"), max_length=64, blank=True, help_text=_("Cognito's error code."))
    last_error_kind = models.CharField(
        _("kind of the last error"), max_length=32, blank=True, help_text=_("What the code meant: invalid_code, …")
    )
    delivery_attempts = models.PositiveIntegerField(_("delivery attempts"), default=0)
    delivery_error = models.CharField(
        _("delivery error"), max_length=128, blank=True, help_text=_("The exception that a receiver raised.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    status = models.GeneratedField(
        verbose_name=_("status"),
        expression=_STATUS,
        output_field=models.CharField(max_length=16, choices=Status.choices),
        db_persist=True,
    )

    session: str = SecretStr()
    """Cognito's Session from the reply of ConfirmSignUp, in memory only."""

    objects: ClassVar[models.Manager[Confirmation]]

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["username_key", "pool"], name="cognito_confirm_username"),
        ]
        default_permissions = ("view",)
        permissions: ClassVar[list[Any]] = [
            ("confirm_sign_up", _("Can confirm sign-ups in Cognito")),
            ("verify_email", _("Can mark e-mail addresses as verified in Cognito")),
            ("resend_code", _("Can have Cognito send a new code")),
            ("deliver_signal", _("Can deliver sign_up_confirmed again where it is owed")),
            ("settle_sign_up", _("Can settle open attempts with Cognito")),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["job", "queued_at"], name="cognito_confirm_job"),
            models.Index(fields=["status", "started_at"], name="cognito_confirm_status"),
            models.Index(fields=["sub"], name="cognito_confirm_sub"),
        ]

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state.pop("session", None)  # a pickle, such as a task's argument, is no longer memory
        return state

    def __str__(self) -> str:
        return f"{self.username or self.username_key[:12]} ({self.pool})"
