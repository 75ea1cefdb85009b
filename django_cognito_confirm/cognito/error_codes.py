"""From Cognito's error codes to the exceptions of ``errors``: one table for each operation.

They go by the error's code, never by the HTTP status; by text only where one code means several things (and its wording
has changed before: the patterns are loose).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import (
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
    OutcomeUnknown,
    SessionExpired,
    Throttled,
    Unavailable,
    UserNotFound,
    WrongState,
)


class ByText(NamedTuple):
    """One code that means several things: the first pattern found in Cognito's text decides."""

    patterns: tuple[tuple[re.Pattern[str], type[ConfirmSignUpError]], ...]
    otherwise: type[ConfirmSignUpError]

    def read(self, text: str) -> type[ConfirmSignUpError]:
        return next((error for pattern, error in self.patterns if pattern.search(text)), self.otherwise)


Rule = type[ConfirmSignUpError] | ByText


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# The wording has changed three times since 2018; UNCONFIRMED itself is the one status that can be confirmed.
_NOT_AUTHORIZED = ByText(
    (
        (_pattern(r"status is FORCE_CHANGE_PASSWORD"), ForceChangePassword),
        (_pattern(r"status is (?!UNCONFIRMED)[A-Z_]+|not UNCONFIRMED"), AlreadyConfirmed),
        (_pattern(r"secret"), Misconfigured),
        (_pattern(r"session"), SessionExpired),
    ),
    otherwise=WrongState,
)
_NO_SUCH_NAME = (_pattern(r"should be (either )?an? (e-?mail|phone)|'username'"), UserNotFound)

_COMMON: dict[str, Rule] = {
    "NotAuthorizedException": _NOT_AUTHORIZED,
    "UserNotFoundException": UserNotFound,
    "InvalidParameterException": ByText((_NO_SUCH_NAME,), otherwise=Misconfigured),
    "TooManyRequestsException": Throttled,
    "ForbiddenException": Blocked,
    "ResourceNotFoundException": Misconfigured,
    "OperationNotEnabledException": Misconfigured,
    # Common to all of AWS, in no operation's list. They are refusals: the call was not carried out.
    "AccessDenied": Misconfigured,
    "AccessDeniedException": Misconfigured,
    "ExpiredToken": Misconfigured,
    "ExpiredTokenException": Misconfigured,
    "IncompleteSignature": Misconfigured,
    "IncompleteSignatureException": Misconfigured,
    "InvalidClientTokenId": Misconfigured,
    "InvalidSignatureException": Misconfigured,
    "MissingAuthenticationToken": Misconfigured,
    "MissingAuthenticationTokenException": Misconfigured,
    "NotAuthorized": Misconfigured,
    "OptInRequired": Misconfigured,
    "RequestExpired": Misconfigured,
    "SignatureDoesNotMatch": Misconfigured,
    "UnrecognizedClientException": Misconfigured,
    "Throttling": Throttled,
    "ThrottlingException": Throttled,
}

# A Lambda or a fault of the service answers after the user was confirmed, as far as is known: the next call is told
# "already confirmed". Documented nowhere by AWS, so the listing decides.
_CONFIRM: dict[str, Rule] = _COMMON | {
    "InvalidParameterException": ByText(
        ((_pattern(r"'confirmationCode'"), InvalidCode), _NO_SUCH_NAME), otherwise=Misconfigured
    ),
    "CodeMismatchException": InvalidCode,
    "ExpiredCodeException": InvalidCode,
    "AliasExistsException": AliasConflict,
    "LimitExceededException": AttemptsExceeded,
    "TooManyFailedAttemptsException": AttemptsExceeded,
    "UserLambdaValidationException": OutcomeUnknown,
    "UnexpectedLambdaException": OutcomeUnknown,
    "InvalidLambdaResponseException": OutcomeUnknown,
    "InternalErrorException": OutcomeUnknown,
}

_RESEND: dict[str, Rule] = _COMMON | {
    "NotAuthorizedException": ByText(
        ((_pattern(r"auto verification"), DeliveryFailed), *_NOT_AUTHORIZED.patterns), otherwise=WrongState
    ),
    # Also the disguise of an unknown user under PreventUserExistenceErrors, so any other text means that.
    "InvalidParameterException": ByText(
        (
            (_pattern(r"already confirmed"), AlreadyConfirmed),
            (_pattern(r"auto verification"), DeliveryFailed),
        ),
        otherwise=UserNotFound,
    ),
    "LimitExceededException": ByText(((_pattern(r"daily email limit"), DeliveryFailed),), otherwise=AttemptsExceeded),
    "CodeDeliveryFailureException": DeliveryFailed,
    "InvalidSmsRoleAccessPolicyException": DeliveryFailed,
    "InvalidSmsRoleTrustRelationshipException": DeliveryFailed,
    "InvalidEmailRoleAccessPolicyException": DeliveryFailed,
    "UserLambdaValidationException": DeliveryFailed,
    "UnexpectedLambdaException": DeliveryFailed,
    "InvalidLambdaResponseException": DeliveryFailed,
    "InternalErrorException": Unavailable,
}

_READ: dict[str, Rule] = _COMMON | {
    "InternalErrorException": Unavailable,
    "UserPoolTaggingException": Misconfigured,
}

# What is unclear may be tried again: to call an address verified twice does no harm. Lambdas and roles are for messages
# that this app never has sent.
_UPDATE: dict[str, Rule] = _COMMON | {
    "AliasExistsException": AliasConflict,
    "InternalErrorException": Unavailable,
    "InvalidEmailRoleAccessPolicyException": Misconfigured,
    "InvalidLambdaResponseException": Misconfigured,
    "InvalidSmsRoleAccessPolicyException": Misconfigured,
    "InvalidSmsRoleTrustRelationshipException": Misconfigured,
    "UnexpectedLambdaException": Misconfigured,
    "UserLambdaValidationException": Misconfigured,
}

# Whoever cannot be signed in goes to the sign-in page, whatever the reason; operators hear of what is theirs to mend.
_SIGN_IN: dict[str, Rule] = _COMMON | {
    "FeatureUnavailableInTierException": Misconfigured,
    "InternalErrorException": Unavailable,
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


class Operation(NamedTuple):
    """How to read the answers of one Cognito operation."""

    rules: dict[str, Rule]
    unclear: type[ConfirmSignUpError]
    """For an answer that says neither yes nor no: a code in no list."""
    no_answer: type[ConfirmSignUpError]
    """For none of Cognito's: a time-out, a lost connection, something else's page."""

    def classify(self, code: str, text: str) -> type[ConfirmSignUpError]:
        """Return the exception for an error answer: ``Error.Code`` and its text.

        Without a code of its own, which botocore reports by its number, a 4xx is a firewall's, another a proxy's.
        """
        rule = self.rules.get(code)
        if isinstance(rule, ByText):
            return rule.read(text)
        if rule is not None:
            return rule
        if re.fullmatch(r"4\d\d", code):
            return Blocked
        return self.no_answer if re.fullmatch(r"\d{3}", code) else self.unclear


OPERATIONS = {
    "ConfirmSignUp": Operation(_CONFIRM, unclear=OutcomeUnknown, no_answer=OutcomeUnknown),
    "AdminConfirmSignUp": Operation(_CONFIRM, unclear=OutcomeUnknown, no_answer=OutcomeUnknown),
    "InitiateAuth": Operation(_SIGN_IN, unclear=Unavailable, no_answer=Unavailable),
    "ResendConfirmationCode": Operation(_RESEND, unclear=DeliveryFailed, no_answer=DeliveryUnknown),
    "AdminGetUser": Operation(_READ, unclear=Unavailable, no_answer=Unavailable),
    "AdminUpdateUserAttributes": Operation(_UPDATE, unclear=Unavailable, no_answer=Unavailable),
    "ListUsers": Operation(_READ, unclear=Unavailable, no_answer=Unavailable),
    "DescribeUserPool": Operation(_READ, unclear=Unavailable, no_answer=Unavailable),
    "DescribeUserPoolClient": Operation(_READ, unclear=Unavailable, no_answer=Unavailable),
}
