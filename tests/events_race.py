"""Threads take the same events at once, on the database of ``DATABASE_URL``: prints who was told of, as JSON."""

from __future__ import annotations

import json
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

PEOPLE, THREADS = 40, 6


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, transaction

    from django_cognito_confirm import events
    from django_cognito_confirm.conf import get_pool
    from django_cognito_confirm.models import Confirmation
    from django_cognito_confirm.sandbox.models import SandboxUser
    from django_cognito_confirm.signals import sign_up_confirmed
    from tests.test_events import event

    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 1_000_000}
    call_command("migrate", verbosity=0)
    pool = get_pool()
    users = [
        SandboxUser(user_pool_id=pool.user_pool_id, username=f"user{number}", status="CONFIRMED")
        for number in range(PEOPLE)
    ]
    SandboxUser.objects.bulk_create(users)
    told: list[str] = []

    def receiver(sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
        transaction.on_commit(lambda: told.append(confirmation.username))

    def take_all(number: int) -> list[str]:
        mine = random.sample(users, PEOPLE) if number % 2 else users
        try:
            return [events.take(pool, event(user.username, user.sub)).value for user in mine]
        finally:
            connection.close()

    sign_up_confirmed.connect(receiver)
    with ThreadPoolExecutor(THREADS) as threads:
        taken = [outcome for outcomes in threads.map(take_all, range(THREADS)) for outcome in outcomes]
    print(json.dumps({"told": sorted(told), "taken": len(taken)}))  # noqa: T201


if __name__ == "__main__":
    main()
