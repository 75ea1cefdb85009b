"""docs/bulk.md: what the command prints, and what each of its sentences asks for."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from django_cognito_confirm import errors
from django_cognito_confirm.bulk import reports
from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sync import sync
from tests.conftest import last_code, sign_up
from tests.docs.pages import DOCS
from tests.docs.pasting import paste, sample
from tests.docs.samples import Site
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "bulk.md"
OF_OTHER_CALLS = {
    "confirm_sign_up_error",
    "refused",
    "invalid_code",
    "session_expired",
    "alias_conflict",
    "attempts_exceeded",
    "delivery_failed",
    "delivery_unknown",
    "throttled",
    "blocked",
    "unavailable",
}
"""What AdminConfirmSignUp does not end with for one person: the last three stop a run, or are tried again."""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """The page's file; Carol has confirmed herself elsewhere."""
    for name in ("ann", "ben", "carol"):
        sign_up(name)
    public_client().confirm_sign_up(ClientId=get_pool().client_id, Username="carol", ConfirmationCode=last_code())
    file = tmp_path / "people.csv"
    file.write_text(sample(PAGE, "username").text)
    return file


def command(*arguments: str, status: int) -> str:
    """Run the command, insist on how it ends, and return what it prints."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("cognito_confirm", *arguments, stdout=out, stderr=StringIO())
    assert ended.value.code == status
    return out.getvalue()


def shown_after(line: str) -> str:
    """Return what the page shows below a command, with the job's number left out."""
    return re.sub(r"job \d+", "job", sample(PAGE, line).text.partition("\n")[2])


def test_a_dry_run_prints_what_the_page_shows(people: Path) -> None:
    printed = command("--file", str(people), "--dry-run", status=1)
    assert sorted(printed.splitlines()) == sorted(
        shown_after("$ manage.py cognito_confirm --file people.csv --dry-run").splitlines()
    )
    assert not Confirmation.objects.exists()


def test_a_run_prints_what_the_page_shows_and_goes_on_when_it_is_run_again(people: Path, tmp_path: Path) -> None:
    failed = tmp_path / "failed.csv"
    printed = command("--file", str(people), "--failed", str(failed), status=1)
    shown = shown_after("$ manage.py cognito_confirm --file people.csv --failed failed.csv")
    assert sorted(re.sub(r"job \d+", "job", printed).splitlines()) == sorted(shown.splitlines())
    assert "nobody" in failed.read_text()
    assert "ann" not in failed.read_text()
    again = command("--file", str(people), status=1)
    assert "3 was confirmed before, nothing to do" in again
    sync()
    assert Confirmation.objects.filter(status="delivered").count() == 3


def test_the_page_has_every_outcome_of_a_run_and_no_other() -> None:
    table = (DOCS / PAGE).read_text().partition("| what it says |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    told = {sentence.strip() for row in rows for sentence in row.split(";")}
    kinds = {*reports._SUMMARIES, *errors._SUMMARIES} - OF_OTHER_CALLS
    assert told == {reports.summarize(kind) for kind in kinds}


def test_the_trigger_is_told_who_confirmed(site: Site, server: FaultServer, client: Client) -> None:
    client_metadata = paste(site, PAGE, "# settings.py")["client_metadata"]
    pool = {**settings.COGNITO_POOLS["default"], "SANDBOX": False, "ENDPOINT_URL": server.url}
    site.settings.COGNITO_POOLS = {"default": {**pool, "CLIENT_METADATA": client_metadata}}
    for name in ("ann", "ben"):
        server.users.add(name, code="123456")
    call_command("cognito_confirm", "ann", stdout=StringIO())
    client.post("/confirm/", {"username": "ben", "code": "123456"})
    [by_staff] = server.called("AdminConfirmSignUp")
    [by_visitor] = server.called("ConfirmSignUp")
    assert by_staff["ClientMetadata"] == {"confirmed_by": "staff"}
    assert by_visitor["ClientMetadata"] == {"confirmed_by": "visitor"}
