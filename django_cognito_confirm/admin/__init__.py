"""The admin: an action and a column for lists of users, the ledger, and bulk jobs.

``Confirmation`` and ``Job`` are registered on Django's default site. A site of a host's own registers them itself, with
``ConfirmationAdmin`` and ``JobAdmin``.
"""

from django.contrib import admin

from ..models import Confirmation, Job
from .actions import confirm_in_cognito
from .confirmations import ConfirmationAdmin
from .jobs import JobAdmin
from .mixins import CognitoConfirmAdminMixin

__all__ = ["CognitoConfirmAdminMixin", "ConfirmationAdmin", "JobAdmin", "confirm_in_cognito"]

admin.site.register(Confirmation, ConfirmationAdmin)
admin.site.register(Job, JobAdmin)
