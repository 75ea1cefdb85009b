"""What the site's receiver does in the database."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Effect(models.Model):
    """One run of the receiver. Nothing is unique, so that a second one shows."""

    username = models.CharField(max_length=128)

    objects: ClassVar[models.Manager[Effect]]

    class Meta:
        app_label = "engines"

    def __str__(self) -> str:
        return self.username
