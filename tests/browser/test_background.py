"""More people than a page can wait for: the site's worker confirms them, and the page shows how far it is."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from .servers import Site

pytestmark = pytest.mark.browser

PEOPLE = 500
PASSWORD = "Correct-horse-7"

# Signed up in the sandbox and here, without the five hundred visits.
SIGN_UP = """
from django.contrib.auth.models import User
from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
User.objects.create_superuser("{staff}", password="{password}")
names = [f"{crowd}-{{number:03}}" for number in range({people})]
User.objects.bulk_create(User(username=name, is_active=False) for name in names)
for name in names:
    email = [{{"Name": "email", "Value": f"{{name}}@example.com"}}]
    public_client().sign_up(ClientId=get_pool().client_id, Username=name, Password="{password}", UserAttributes=email)
"""
COUNT = """
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sandbox.models import SandboxUser
people = {{"username__startswith": "{crowd}-"}}
confirmed, delivered = SandboxUser.objects.filter(status="CONFIRMED"), Confirmation.objects.filter(status="delivered")
print(confirmed.filter(**people).count(), delivered.filter(**people).count())
"""


def test_five_hundred_people_are_confirmed_in_the_background(page: Page, site: Site) -> None:
    crowd, staff = f"crowd-{secrets.token_hex(4)}", f"chief-{secrets.token_hex(4)}"
    site.manage("shell", "-c", SIGN_UP.format(crowd=crowd, staff=staff, password=PASSWORD, people=PEOPLE))
    page.goto("/admin/")
    page.get_by_label("Username").fill(staff)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.goto(f"/admin/auth/user/?q={crowd}")
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_text(f"Select all {PEOPLE} users").click()
    page.get_by_label("Action:").select_option(label="Confirm sign-up in Cognito")
    page.get_by_role("button", name=re.compile("^(Go|Run)$")).click()
    expect(page.get_by_text(f"{PEOPLE} people are chosen")).to_be_visible()
    page.get_by_role("button", name="Confirm in Cognito").click()

    # The page looks again by itself.
    expect(page.get_by_text(f"{PEOPLE} of {PEOPLE}")).to_be_visible(timeout=60_000)
    assert site.manage("shell", "-c", COUNT.format(crowd=crowd)).split()[-2:] == [str(PEOPLE), str(PEOPLE)]
