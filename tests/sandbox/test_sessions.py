from __future__ import annotations

from typing import TYPE_CHECKING

from django_cognito_confirm.sandbox.models import SandboxSession

from . import people
from .people import refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

INVALID = "Invalid session for the user."


def test_a_session_in_gives_another_one_out(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    renewed = people.confirm(cognito, Session=session)["Session"]

    assert renewed != session
    assert 20 <= len(renewed) <= 4096


def test_a_session_survives_a_wrong_code(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    with refused("CodeMismatchException"):
        people.confirm(cognito, code=people.wrong_code(), Session=session)

    assert people.confirm(cognito, Session=session)["Session"]


def test_a_made_up_session_is_refused(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)

    with refused("NotAuthorizedException", INVALID):
        people.confirm(cognito, Session="x" * 20)


def test_a_session_expires_after_three_minutes(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    people.make_older("ann", minutes=3)

    with refused("NotAuthorizedException", INVALID):
        people.confirm(cognito, Session=session)
    people.confirm(cognito)


def test_somebody_elses_session_is_refused(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito, "ann")["Session"]
    people.sign_up(cognito, "bob", email="bob@example.org")

    with refused("NotAuthorizedException", INVALID):
        people.confirm(cognito, "bob", Session=session)


def test_sessions_are_stored_as_digests(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]

    assert session not in SandboxSession.objects.get().digest
