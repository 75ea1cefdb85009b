"""Every error that Amazon's model lists for a call of ours, out of botocore's Stubber: emulators give few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.stub import Stubber
from django.test import Client

from django_cognito_confirm import cognito, ledger
from django_cognito_confirm.cognito.clients import ADMIN, ADMIN_ONCE, PUBLIC, PUBLIC_BRIEF, get_client
from django_cognito_confirm.cognito.error_codes import OPERATIONS
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import (
    AliasConflict,
    AttemptsExceeded,
    Blocked,
    ConfirmSignUpError,
    DeliveryFailed,
    InvalidCode,
    Misconfigured,
    OutcomeUnknown,
    Throttled,
    Unavailable,
    UserNotFound,
    WrongState,
)
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import admin_confirm_sign_up, confirm_sign_up, resend_code
from django_cognito_confirm.sync import sync
from tests.conftest import Heard

pytestmark = pytest.mark.django_db(transaction=True)

Outcomes = dict[str, type[ConfirmSignUpError]]

OF_ANY_CALL: Outcomes = {
    "ForbiddenException": Blocked,
    "InternalErrorException": Unavailable,
    "InvalidParameterException": Misconfigured,
    "NotAuthorizedException": WrongState,
    "OperationNotEnabledException": Misconfigured,
    "ResourceNotFoundException": Misconfigured,
    "TooManyRequestsException": Throttled,
    "UserNotFoundException": UserNotFound,
}
OF_A_CONFIRMATION: Outcomes = {
    **OF_ANY_CALL,
    "AliasExistsException": AliasConflict,
    "CodeMismatchException": InvalidCode,
    "ExpiredCodeException": InvalidCode,
    "InternalErrorException": OutcomeUnknown,
    "InvalidLambdaResponseException": OutcomeUnknown,
    "LimitExceededException": AttemptsExceeded,
    "TooManyFailedAttemptsException": AttemptsExceeded,
    "UnexpectedLambdaException": OutcomeUnknown,
    "UserLambdaValidationException": OutcomeUnknown,
}
OF_A_RESEND: Outcomes = {
    **OF_ANY_CALL,
    "CodeDeliveryFailureException": DeliveryFailed,
    "InvalidEmailRoleAccessPolicyException": DeliveryFailed,
    "InvalidLambdaResponseException": DeliveryFailed,
    "InvalidParameterException": UserNotFound,
    "InvalidSmsRoleAccessPolicyException": DeliveryFailed,
    "InvalidSmsRoleTrustRelationshipException": DeliveryFailed,
    "LimitExceededException": AttemptsExceeded,
    "UnexpectedLambdaException": DeliveryFailed,
    "UserLambdaValidationException": DeliveryFailed,
}
OF_A_LOOK: Outcomes = {**OF_ANY_CALL, "UserPoolTaggingException": Misconfigured}
OF_AN_UPDATE: Outcomes = {
    **OF_ANY_CALL,
    "AliasExistsException": AliasConflict,
    "InvalidEmailRoleAccessPolicyException": Misconfigured,
    "InvalidLambdaResponseException": Misconfigured,
    "InvalidSmsRoleAccessPolicyException": Misconfigured,
    "InvalidSmsRoleTrustRelationshipException": Misconfigured,
    "UnexpectedLambdaException": Misconfigured,
    "UserLambdaValidationException": Misconfigured,
}
OF_A_SIGN_IN: Outcomes = {
    **OF_ANY_CALL,
    "FeatureUnavailableInTierException": Misconfigured,
    "InvalidEmailRoleAccessPolicyException": Misconfigured,
    "InvalidLambdaResponseException": Misconfigured,
    "InvalidSmsRoleAccessPolicyException": Misconfigured,
    "InvalidSmsRoleTrustRelationshipException": Misconfigured,
    "InvalidUserPoolConfigurationException": Misconfigured,
    "PasswordResetRequiredException": WrongState,
    "UnexpectedLambdaException": Unavailable,
    "UnsupportedOperationException": Misconfigured,
    "UserLambdaValidationException": WrongState,
    "UserNotConfirmedException": WrongState,
}
OUTCOMES: dict[str, Outcomes] = {
    "ConfirmSignUp": OF_A_CONFIRMATION,
    "AdminConfirmSignUp": OF_A_CONFIRMATION,
    "InitiateAuth": OF_A_SIGN_IN,
    "ResendConfirmationCode": OF_A_RESEND,
    "AdminGetUser": OF_A_LOOK,
    "AdminUpdateUserAttributes": OF_AN_UPDATE,
    "ListUsers": OF_A_LOOK,
    "DescribeUserPool": OF_A_LOOK,
    "DescribeUserPoolClient": OF_A_LOOK,
}
CALLS: dict[str, tuple[str, Callable[[], Any]]] = {
    "ConfirmSignUp": (PUBLIC, lambda: confirm_sign_up("ann", "123456")),
    "AdminConfirmSignUp": (ADMIN_ONCE, lambda: admin_confirm_sign_up("ann")),
    "InitiateAuth": (PUBLIC_BRIEF, lambda: cognito.sign_in_with_session(get_pool(), "ann", "s" * 20)),
    "ResendConfirmationCode": (PUBLIC, lambda: resend_code("ann")),
    "AdminGetUser": (ADMIN, lambda: cognito.admin_get_user(get_pool(), "ann")),
    "AdminUpdateUserAttributes": (ADMIN, lambda: cognito.admin_verify_email(get_pool(), "ann", "ann@example.com")),
    "ListUsers": (ADMIN, lambda: list(cognito.list_users(get_pool(), "email", "ann@example.com"))),
    "DescribeUserPool": (ADMIN, lambda: cognito.describe_user_pool(get_pool())),
    "DescribeUserPoolClient": (ADMIN, lambda: cognito.describe_user_pool_client(get_pool())),
}

MODEL = botocore.session.get_session().get_service_model("cognito-idp")


def listed(*operations: str) -> pytest.MarkDecorator:
    """Run a test once for each error that the model lists for these operations."""
    pairs = [(name, shape.name) for name in operations for shape in MODEL.operation_model(name).error_shapes]
    return pytest.mark.parametrize(("operation", "code"), pairs)


@pytest.fixture(autouse=True)
def site(pools: Callable[..., None], credentials: None) -> None:
    """A site whose Cognito is far away; only what is stubbed answers."""
    pools(SANDBOX=False, ENDPOINT_URL="http://127.0.0.1:9")


@contextmanager
def answered(operation: str, code: str) -> Iterator[None]:
    """Have one call answered with an error; it is made once, and no other."""
    with Stubber(get_client(CALLS[operation][0], get_pool())) as stubber:
        stubber.add_client_error(xform_name(operation), code, "No text that anybody promises", 400)
        yield
        stubber.assert_no_pending_responses()


def test_every_call_of_ours_is_here() -> None:
    assert set(CALLS) == set(OUTCOMES) == set(OPERATIONS)


@listed(*OPERATIONS)
def test_an_error_of_the_model_is_told_as_what_it_means(operation: str, code: str) -> None:
    with answered(operation, code), pytest.raises(ConfirmSignUpError) as caught:
        CALLS[operation][1]()

    assert type(caught.value) is OUTCOMES[operation][code]
    assert (caught.value.code, caught.value.operation) == (code, operation)


@listed("ConfirmSignUp", "AdminConfirmSignUp")
def test_after_an_error_the_ledger_knows_whether_somebody_may_be_confirmed(
    operation: str, code: str, heard: Heard
) -> None:
    with answered(operation, code), pytest.raises(ConfirmSignUpError):
        CALLS[operation][1]()

    is_open = OUTCOMES[operation][code] is OutcomeUnknown
    assert (Confirmation.objects.get().status, heard) == ("unknown" if is_open else "rejected", [])


@listed("ConfirmSignUp")
def test_no_error_of_the_model_breaks_the_page(operation: str, code: str, client: Client, heard: Heard) -> None:
    with answered(operation, code):
        response = client.post("/confirm/", {"username": "ann", "code": "123456"})

    assert response.status_code in (200, 503)
    assert 'role="alert"' in response.content.decode()
    assert heard == []


@listed("ResendConfirmationCode")
def test_no_error_of_the_model_breaks_the_page_for_a_new_code(operation: str, code: str, client: Client) -> None:
    with answered(operation, code):
        response = client.post("/confirm/resend/", {"username": "ann"})

    assert response.status_code == 302 or 'role="alert"' in response.content.decode()


@listed("ListUsers")
def test_what_cannot_be_looked_up_stays_open(operation: str, code: str, heard: Heard) -> None:
    attempt = ledger.begin(get_pool(), "ann", source="service")
    ledger.leave_open(attempt, "ReadTimeoutError")

    with answered(operation, code):
        report = sync()

    assert (report.unsettled, len(report.problems), report.ok) == (1, 1, False)
    assert (Confirmation.objects.get().status, heard) == ("unknown", [])
