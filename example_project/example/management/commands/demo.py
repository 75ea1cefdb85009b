from __future__ import annotations

import os
import secrets
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError, call_command
from django.urls import reverse

from django_cognito_confirm.conf import get_pool

ADMIN = "admin"
MANAGE = Path(__file__).parents[3] / "manage.py"


class Command(BaseCommand):
    help = (
        "Prepare the database, make a superuser with a new random password, and serve the example site, with a worker "
        "for bulk jobs where django-tasks-db is installed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen at (default: %(default)s).")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen at (default: %(default)s).")

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        password = self.make_superuser()
        everywhere = host in ("0.0.0.0", "::")  # noqa: S104
        settings.ALLOWED_HOSTS.append("*" if everywhere else bracketed(host))
        address = f"http://{'127.0.0.1' if everywhere else bracketed(host)}:{port}"
        self.stdout.write(f"\nThe example site:  {self.style.SUCCESS(address + reverse('home'))}")
        if get_pool().sandbox:
            self.stdout.write(f"Its mailbox:       {address}{reverse('mailbox')}")
        self.stdout.write(
            f"Its admin:         {address}{reverse('admin:index')}  (user {ADMIN}, password {password})\n"
        )
        self.tell_the_trigger(address)
        self.worker = self.start_worker()  # kept, and with it the other end of its standard input
        # The reloader would run this command, and with it the password, a second time.
        call_command("runserver", f"{bracketed(host)}:{port}", use_reloader=False)

    def tell_the_trigger(self, address: str) -> None:
        """Give the post-confirmation trigger what a Lambda has in its environment, here and in the worker."""
        keys = get_pool().webhook_secrets
        if keys:
            os.environ["WEBHOOK_URL"] = address + reverse("cognito_confirm_webhook:post_confirmation")
            os.environ["WEBHOOK_SECRET"] = keys[0]

    def start_worker(self) -> subprocess.Popen[bytes] | None:
        """Start what runs bulk jobs in the background, where an engine is installed; it ends when this process does."""
        if not apps.is_installed("django_tasks_db"):
            return None
        return subprocess.Popen([sys.executable, MANAGE, "demo_worker"], stdin=subprocess.PIPE)  # noqa: S603 - our own

    def make_superuser(self) -> str:
        """Return the new password of the demo's superuser."""
        password = secrets.token_urlsafe(9)
        user = User.objects.filter(username=ADMIN).first()
        if user is None:
            User.objects.create_superuser(ADMIN, password=password)
            return password
        if not user.is_superuser:
            # Somebody signed up with this name. They must not become a superuser by a restart.
            raise CommandError(f"The user {ADMIN!r} is no superuser. Rename that user, or start with a new database.")
        user.set_password(password)
        user.save(update_fields=["password"])
        return password


def bracketed(host: str) -> str:
    """Return ``host`` as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
