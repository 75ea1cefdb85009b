"""How Cognito's answers are read: the code decides, the text only where one code means several things."""

from __future__ import annotations

import pickle

import botocore.session
import pytest
from django.utils.functional import Promise
from django.utils.translation import override

from django_cognito_confirm import errors
from django_cognito_confirm.cognito.error_codes import OPERATIONS
from django_cognito_confirm.errors import (
    AliasConflict,
    AlreadyConfirmed,
    AttemptsExceeded,
    Blocked,
    ConfirmSignUpError,
    DeliveryFailed,
    DeliveryUnknown,
    ForceChangePassword,
    InvalidCode,
    Misconfigured,
    NotListedYet,
    OutcomeUnknown,
    Refused,
    SessionExpired,
    Throttled,
    Unavailable,
    UserNotFound,
    WrongState,
    describe,
)

ERRORS: list[type[ConfirmSignUpError]] = [
    found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, ConfirmSignUpError) and found is not ConfirmSignUpError
]
CONFIRMING = ["ConfirmSignUp", "AdminConfirmSignUp"]
READING = ["AdminGetUser", "ListUsers"]


COGNITO = botocore.session.get_session().get_service_model("cognito-idp")
LISTED_BY_AWS = [
    (operation, shape.name) for operation in OPERATIONS for shape in COGNITO.operation_model(operation).error_shapes
]


# --- every code that AWS lists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operation", "code"), LISTED_BY_AWS)
def test_every_code_that_aws_lists_for_an_operation_is_in_its_table(operation: str, code: str) -> None:
    assert code in OPERATIONS[operation].rules


def test_the_lists_of_aws_were_read() -> None:
    assert {operation for operation, _ in LISTED_BY_AWS} == set(OPERATIONS)
    assert ("ConfirmSignUp", "CodeMismatchException") in LISTED_BY_AWS


# --- every text that was seen -----------------------------------------------------------------------------------------

CONFIRM_ANSWERS = [
    ("CodeMismatchException", "Invalid verification code provided, please try again.", InvalidCode),
    ("ExpiredCodeException", "Invalid code provided, please request a code again.", InvalidCode),
    ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED", AlreadyConfirmed),
    ("NotAuthorizedException", "User cannot be confirm. Current status is CONFIRMED", AlreadyConfirmed),
    ("NotAuthorizedException", "User cannot confirm because user status is not UNCONFIRMED.", AlreadyConfirmed),
    ("NotAuthorizedException", "User cannot be confirmed. Current status is RESET_REQUIRED", AlreadyConfirmed),
    ("NotAuthorizedException", "User cannot be confirmed. Current status is EXTERNAL_PROVIDER", AlreadyConfirmed),
    (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD",
        ForceChangePassword,
    ),
    ("NotAuthorizedException", "User cannot be confirmed. Current status is UNCONFIRMED", WrongState),
    ("NotAuthorizedException", "User is disabled.", WrongState),
    ("NotAuthorizedException", "", WrongState),
    ("NotAuthorizedException", "Invalid session for the user.", SessionExpired),
    ("NotAuthorizedException", "Unable to verify secret hash for client 1example23456789", Misconfigured),
    ("NotAuthorizedException", "SecretHash does not match for the client: 1example23456789", Misconfigured),
    (
        "NotAuthorizedException",
        "Client 1example23456789 is configured with secret but SECRET_HASH was not received",
        Misconfigured,
    ),
    ("UserNotFoundException", "Username/client id combination not found.", UserNotFound),
    ("UserNotFoundException", "User does not exist.", UserNotFound),
    ("AliasExistsException", "An account with the email already exists.", AliasConflict),
    ("InvalidParameterException", "Username should be an email.", UserNotFound),
    ("InvalidParameterException", "Username should be a phone number.", UserNotFound),
    ("InvalidParameterException", "Username should be either an email or a phone number.", UserNotFound),
    (
        "InvalidParameterException",
        (
            "1 validation error detected: Value at 'username' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+"
        ),
        UserNotFound,
    ),
    (
        "InvalidParameterException",
        (
            "1 validation error detected: Value at 'confirmationCode' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\S]+"
        ),
        InvalidCode,
    ),
    (
        "InvalidParameterException",
        (
            "1 validation error detected: Value at 'clientId' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\w+]+"
        ),
        Misconfigured,
    ),
    ("InvalidParameterException", "Alias entry already exists for a different username", Misconfigured),
    ("LimitExceededException", "Attempt limit exceeded, please try after some time.", AttemptsExceeded),
    ("LimitExceededException", "Exceeded some other limit.", AttemptsExceeded),
    ("TooManyFailedAttemptsException", "Too many failed attempts.", AttemptsExceeded),
    ("TooManyRequestsException", "Rate exceeded", Throttled),
    ("TooManyRequestsException", "Too many requests", Throttled),
    ("UserLambdaValidationException", "PostConfirmation failed with error <lambda text>.", OutcomeUnknown),
    (
        "UnexpectedLambdaException",
        "PostConfirmation invocation failed due to error Socket timeout while invoking Lambda function.",
        OutcomeUnknown,
    ),
    ("InvalidLambdaResponseException", "Unrecognizable lambda output", OutcomeUnknown),
    ("InternalErrorException", "Internal error.", OutcomeUnknown),
    ("ForbiddenException", "Request not allowed due to WAF block.", Blocked),
    ("ResourceNotFoundException", "User pool client 1example23456789 does not exist.", Misconfigured),
    ("OperationNotEnabledException", "Not in this region.", Misconfigured),
]

RESEND_ANSWERS = [
    ("InvalidParameterException", "User is already confirmed.", AlreadyConfirmed),
    ("InvalidParameterException", "Cannot resend codes. Auto verification not turned on.", DeliveryFailed),
    ("NotAuthorizedException", "Cannot resend codes. Auto verification not turned on.", DeliveryFailed),
    # PreventUserExistenceErrors hides an unknown user behind this code, with no text that anybody promises.
    ("InvalidParameterException", "Something else altogether.", UserNotFound),
    ("InvalidParameterException", "", UserNotFound),
    ("InvalidParameterException", "Username should be an email.", UserNotFound),
    ("UserNotFoundException", "Username/client id combination not found.", UserNotFound),
    ("NotAuthorizedException", "User is disabled.", WrongState),
    ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED", AlreadyConfirmed),
    ("NotAuthorizedException", "Unable to verify secret hash for client 1example23456789", Misconfigured),
    ("NotAuthorizedException", "SecretHash does not match for the client: 1example23456789", Misconfigured),
    (
        "NotAuthorizedException",
        "Client 1example23456789 is configured with secret but SECRET_HASH was not received",
        Misconfigured,
    ),
    ("LimitExceededException", "Attempt limit exceeded, please try after some time.", AttemptsExceeded),
    (
        "LimitExceededException",
        (
            "Exceeded daily email limit for the operation or the account. If a higher limit is required, please "
            "configure your user pool to use your own Amazon SES configuration for sending email."
        ),
        DeliveryFailed,
    ),
    ("CodeDeliveryFailureException", "Failed to deliver.", DeliveryFailed),
    ("InvalidSmsRoleAccessPolicyException", "", DeliveryFailed),
    ("InvalidSmsRoleTrustRelationshipException", "", DeliveryFailed),
    ("InvalidEmailRoleAccessPolicyException", "", DeliveryFailed),
    ("UserLambdaValidationException", "CustomMessage failed with error <lambda text>.", DeliveryFailed),
    ("UnexpectedLambdaException", "CustomMessage invocation failed due to error timeout.", DeliveryFailed),
    ("InvalidLambdaResponseException", "Unrecognizable lambda output", DeliveryFailed),
    ("TooManyRequestsException", "Rate exceeded", Throttled),
    ("ForbiddenException", "Request not allowed due to WAF block.", Blocked),
    ("ResourceNotFoundException", "User pool client 1example23456789 does not exist.", Misconfigured),
    ("InternalErrorException", "Internal error.", Unavailable),
]


@pytest.mark.parametrize("operation", CONFIRMING)
@pytest.mark.parametrize(("code", "text", "error"), CONFIRM_ANSWERS)
def test_an_answer_to_a_confirmation_is_read_right(
    operation: str, code: str, text: str, error: type[ConfirmSignUpError]
) -> None:
    assert OPERATIONS[operation].classify(code, text) is error


@pytest.mark.parametrize(("code", "text", "error"), RESEND_ANSWERS)
def test_an_answer_to_a_resend_is_read_right(code: str, text: str, error: type[ConfirmSignUpError]) -> None:
    assert OPERATIONS["ResendConfirmationCode"].classify(code, text) is error


@pytest.mark.parametrize("operation", READING)
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("UserNotFoundException", UserNotFound),
        ("TooManyRequestsException", Throttled),
        ("InternalErrorException", Unavailable),
        ("ResourceNotFoundException", Misconfigured),
        ("NotAuthorizedException", WrongState),
    ],
)
def test_an_answer_to_a_look_at_users_is_read_right(operation: str, code: str, error: type[ConfirmSignUpError]) -> None:
    assert OPERATIONS[operation].classify(code, "") is error


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ],
)
def test_a_refusal_common_to_all_of_aws_is_for_operators(operation: str, code: str) -> None:
    assert OPERATIONS[operation].classify(code, "User: arn:aws:iam::1:user/x is not authorized") is Misconfigured


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("code", ["400", "403", "405", "429", "499"])
def test_a_bare_4xx_is_a_firewalls(operation: str, code: str) -> None:
    assert OPERATIONS[operation].classify(code, "Forbidden") is Blocked


@pytest.mark.parametrize("code", ["", "Unknown", "BrandNewException", "4xx", "4030", "ServiceUnavailable"])
@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("ConfirmSignUp", OutcomeUnknown),
        ("AdminConfirmSignUp", OutcomeUnknown),
        ("ResendConfirmationCode", DeliveryFailed),
        ("AdminGetUser", Unavailable),
        ("ListUsers", Unavailable),
    ],
)
def test_what_no_list_names_is_neither_yes_nor_no(operation: str, error: type[ConfirmSignUpError], code: str) -> None:
    assert OPERATIONS[operation].classify(code, "User cannot be confirmed. Current status is CONFIRMED") is error


@pytest.mark.parametrize("code", ["500", "502", "503", "302"])
@pytest.mark.parametrize(
    ("operation", "error"),
    [("ConfirmSignUp", OutcomeUnknown), ("ResendConfirmationCode", DeliveryUnknown), ("ListUsers", Unavailable)],
)
def test_a_status_without_a_code_is_no_answer_of_cognitos(
    operation: str, error: type[ConfirmSignUpError], code: str
) -> None:
    assert OPERATIONS[operation].classify(code, "Bad Gateway") is error


def test_the_case_of_a_text_does_not_matter() -> None:
    assert OPERATIONS["ConfirmSignUp"].classify("NotAuthorizedException", "current STATUS is confirmed") is (
        AlreadyConfirmed
    )


# --- what is told to whom ---------------------------------------------------------------------------------------------

FOR_STRANGERS = {
    Refused: Refused,
    InvalidCode: Refused,
    AlreadyConfirmed: Refused,
    NotListedYet: Refused,
    UserNotFound: Refused,
    ForceChangePassword: Refused,
    WrongState: Refused,
    SessionExpired: Refused,
    AttemptsExceeded: Refused,
    DeliveryFailed: Refused,
    AliasConflict: AliasConflict,
    OutcomeUnknown: Unavailable,
    DeliveryUnknown: Unavailable,
    Throttled: Unavailable,
    Blocked: Unavailable,
    Misconfigured: Unavailable,
    Unavailable: Unavailable,
}


@pytest.mark.parametrize(
    "code", ["UserLambdaValidationException", "UnexpectedLambdaException", "InvalidLambdaResponseException"]
)
def test_strangers_are_told_of_a_lambda_that_failed_after_a_right_code(code: str) -> None:
    assert type(OutcomeUnknown(code).for_stranger()) is OutcomeUnknown


def test_strangers_are_told_of_our_own_limits_and_how_long_they_last() -> None:
    told = Throttled(retry_after=90).for_stranger()

    assert isinstance(told, Throttled)
    assert told.retry_after == 90
    assert "in 2 minutes" in str(told.message)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second."),
        (59, "59 seconds."),
        (60, "1 minute."),
        (61, "2 minutes."),
        (3600, "60 minutes."),
        (6000, "2 hours."),
        (86400, "24 hours."),
    ],
)
def test_a_wait_is_said_in_words(seconds: int, words: str) -> None:
    assert str(Throttled(retry_after=seconds).message).endswith(f"try again in {words}")


def test_it_is_known_of_every_error_what_strangers_get() -> None:
    assert set(FOR_STRANGERS) == set(ERRORS)


@pytest.mark.parametrize(("error", "told"), FOR_STRANGERS.items())
def test_a_stranger_gets_no_more_than_one_of_a_few_answers(
    error: type[ConfirmSignUpError], told: type[ConfirmSignUpError]
) -> None:
    assert type(error("SomeException", request_id="1-2-3").for_stranger()) is told


@pytest.mark.parametrize("error", [error for error, told in FOR_STRANGERS.items() if told in (Refused, Unavailable)])
def test_a_strangers_answer_does_not_carry_cognitos_code(error: type[ConfirmSignUpError]) -> None:
    told = error("SomeException", request_id="1-2-3").for_stranger()

    assert (told.code, told.request_id, str(told)) == ("", "", "")


def test_every_no_is_the_same_answer() -> None:
    refusals = [error("SomeException").for_stranger() for error, told in FOR_STRANGERS.items() if told is Refused]

    assert len({(str(error.message), error.kind, error.retry_after, repr(error)) for error in refusals}) == 1


def test_a_stranger_may_know_how_long_to_wait() -> None:
    assert Throttled(retry_after=60).for_stranger().retry_after == 60


# --- what an error carries --------------------------------------------------------------------------------------------


def test_an_error_carries_what_support_needs() -> None:
    error = InvalidCode("CodeMismatchException", request_id="1-2-3", retry_after=7)

    assert (error.code, error.request_id, error.retry_after, str(error)) == (
        "CodeMismatchException",
        "1-2-3",
        7,
        "CodeMismatchException",
    )


def test_an_error_of_our_own_carries_nothing() -> None:
    error = UserNotFound()

    assert (error.code, error.request_id, error.retry_after) == ("", "", None)


@pytest.mark.parametrize("error", ERRORS)
def test_a_message_is_one_of_our_own_sentences(error: type[ConfirmSignUpError]) -> None:
    message = error("Echo", request_id="Echo").message

    assert isinstance(message, Promise)
    assert str(message).endswith(".")
    assert not [word for word in ("Echo", "Cognito", "AWS", "Exception", "Lambda") if word in str(message)]


def test_a_message_is_translated_when_it_is_shown() -> None:
    with override(None):
        shown = str(InvalidCode().message)

    assert shown.startswith("This code is wrong")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Refused, "refused"),
        (Unavailable, "unavailable"),
        (AlreadyConfirmed, "already_confirmed"),
        (AliasConflict, "alias_conflict"),
        (AttemptsExceeded, "attempts_exceeded"),
        (OutcomeUnknown, "outcome_unknown"),
        (Throttled, "throttled"),
        (InvalidCode, "invalid_code"),
        (UserNotFound, "user_not_found"),
        (DeliveryFailed, "delivery_failed"),
        (WrongState, "wrong_state"),
        (ForceChangePassword, "force_change_password"),
        (Blocked, "blocked"),
        (Misconfigured, "misconfigured"),
    ],
)
def test_a_template_can_ask_for_the_kind(error: type[ConfirmSignUpError], kind: str) -> None:
    assert error().kind == kind


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_survives_the_way_between_processes(error: type[ConfirmSignUpError]) -> None:
    copy = pickle.loads(pickle.dumps(error("SomeException", request_id="1-2-3", retry_after=7)))  # noqa: S301

    assert type(copy) is error
    assert (copy.code, copy.request_id, copy.retry_after) == ("SomeException", "1-2-3", 7)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_staff_are_told_in_words_what_a_kind_means(error: type[ConfirmSignUpError]) -> None:
    assert str(describe(error().kind)) == str(error.summary)


def test_a_kind_of_an_older_version_is_shown_as_it_is() -> None:
    assert describe("no_longer_known") == "no_longer_known"
