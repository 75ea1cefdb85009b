"""The fixture ``cognito_sandbox``: calls that go wrong."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from django_cognito_confirm.errors import (
    AlreadyConfirmed,
    ConfirmSignUpError,
    DeliveryFailed,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import admin_confirm_sign_up, confirm_sign_up, resend_code
from django_cognito_confirm.sync import sync
from django_cognito_confirm.testing import CognitoSandbox
from tests.conftest import Heard

NOWHERE = "https://cognito.invalid"


@pytest.fixture
def ann(cognito_sandbox: CognitoSandbox) -> CognitoSandbox:
    """Sign Ann up."""
    cognito_sandbox.sign_up("ann")
    return cognito_sandbox


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("TooManyRequestsException", Throttled),
        ("InternalErrorException", OutcomeUnknown),
        (EndpointConnectionError(endpoint_url=NOWHERE), Unavailable),
        (ConnectTimeoutError(endpoint_url=NOWHERE), Unavailable),
    ],
    ids=["throttled", "broken", "not reached", "not reached in time"],
)
def test_the_next_call_fails_and_the_one_after_it_succeeds(
    ann: CognitoSandbox, heard: Heard, error: str | Exception, raised: type[ConfirmSignUpError]
) -> None:
    ann.fail_next(error)
    with pytest.raises(raised):
        confirm_sign_up("ann", ann.code("ann"))
    assert not ann.is_confirmed("ann")
    assert heard == []

    confirm_sign_up("ann", ann.code("ann"))
    assert heard.usernames == ["ann"]


def test_an_answer_that_is_lost_is_found_by_sync(ann: CognitoSandbox, heard: Heard) -> None:
    ann.lose_next_answer()
    with pytest.raises(OutcomeUnknown):
        confirm_sign_up("ann", ann.code("ann"))
    assert ann.is_confirmed("ann")
    assert heard == []
    assert Confirmation.objects.get().status == "unknown"

    sync()
    assert heard.usernames == ["ann"]


def test_a_call_can_have_its_effect_and_be_answered_with_an_error(ann: CognitoSandbox) -> None:
    ann.fail_next("UnexpectedLambdaException", message="PostConfirmation failed.", carried_out=True)
    with pytest.raises(OutcomeUnknown) as caught:
        confirm_sign_up("ann", ann.code("ann"))

    assert caught.value.code == "UnexpectedLambdaException"
    assert ann.is_confirmed("ann")


def test_the_message_counts_where_cognito_says_two_things_with_one_code(ann: CognitoSandbox) -> None:
    ann.fail_next("NotAuthorizedException", message="User cannot be confirmed. Current status is CONFIRMED")

    with pytest.raises(AlreadyConfirmed):
        confirm_sign_up("ann", ann.code("ann"))


def test_failures_wait_in_their_order_each_for_its_operation(ann: CognitoSandbox) -> None:
    ann.fail_next("TooManyRequestsException")
    ann.fail_next("InternalErrorException")
    ann.fail_next("CodeDeliveryFailureException", operation="ResendConfirmationCode")

    with pytest.raises(Throttled):
        confirm_sign_up("ann", ann.code("ann"))
    with pytest.raises(DeliveryFailed):
        resend_code("ann")
    with pytest.raises(OutcomeUnknown):
        confirm_sign_up("ann", ann.code("ann"))
    assert confirm_sign_up("ann", ann.code("ann")).confirmed_at


def test_staffs_calls_fail_too(ann: CognitoSandbox) -> None:
    ann.lose_next_answer(operation="AdminConfirmSignUp")
    with pytest.raises(OutcomeUnknown):
        admin_confirm_sign_up("ann")

    assert ann.is_confirmed("ann")


def test_calls_of_the_sites_own_get_botos_own_exceptions(cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.fail_next("LimitExceededException", operation="SignUp", message="Too many")
    with pytest.raises(ClientError, match="Too many") as caught:
        cognito_sandbox.sign_up("ann")

    assert type(caught.value).__name__ == "LimitExceededException"
    assert caught.value.operation_name == "SignUp"
