from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Profile(models.Model):
    """Which Cognito account belongs to a user."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    sub = models.CharField(max_length=64, unique=True)

    objects: ClassVar[models.Manager[Profile]]

    def __str__(self) -> str:
        return self.sub
