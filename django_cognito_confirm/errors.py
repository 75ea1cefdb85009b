"""What can go wrong, one exception for each thing that a caller can do about it.

The table from Cognito's error codes to these exceptions is at the end. It goes by the error's code, never by the HTTP
status; by text only where one code means several things (and its wording has changed before: the patterns are loose).
"""

from __future__ import annotations

import enum
import re
from typing import ClassVar, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Told(enum.Enum):
    """What a stranger is told: nothing that says whether an account exists (see ``Refused``)."""

    REFUSED = enum.auto()
    UNAVAILABLE = enum.auto()
    AS_IT_IS = enum.auto()


class ConfirmSignUpError(Exception):
    """A sign-up was not confirmed, or a code not sent.

    ``code`` is Cognito's error code (or ``""``), ``request_id`` AWS's, for support; ``retry_after`` the seconds to wait
    or ``None``; ``message`` a translated sentence that is safe to show. Cognito's own text is never kept: it can echo
    what was sent.
    """

    message: ClassVar[str | Promise] = _("Your sign-up could not be confirmed.")
    told: ClassVar[Told] = Told.REFUSED

    def __init__(self, code: str = "", *, request_id: str = "", retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.operation = ""
        """The Cognito operation that was called, ``""`` when none was."""

    @property
    def kind(self) -> str:
        """The class in words that templates and APIs can test, such as ``already_confirmed``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def for_stranger(self) -> ConfirmSignUpError:
        """Return what somebody gets who has not shown that the account is theirs."""
        if self.told is Told.REFUSED:
            return Refused()
        if self.told is Told.UNAVAILABLE:
            return Unavailable(retry_after=self.retry_after)
        return self


class Refused(ConfirmSignUpError):
    """The one answer that a stranger gets for any no: wrong or expired code, unknown, confirmed or disabled user."""

    message = _(
        "This code was not accepted. Check it, or ask for a new code. "
        "If you have confirmed your account before, sign in."
    )


class InvalidCode(ConfirmSignUpError):
    """The code is wrong, expired, used up or replaced by a newer one. Cognito does not tell these apart reliably."""

    message = _("This code is wrong or no longer valid. Check it, or ask for a new code.")


class AlreadyConfirmed(ConfirmSignUpError):
    """The account was confirmed before. Cognito says so without looking at the code: it proves nothing."""

    message = _("This account is already confirmed. You can sign in.")


class UserNotFound(ConfirmSignUpError):
    """No such user in the pool, or a name that none can have."""

    message = _("There is no account with this username. Check the spelling, or sign up again.")


class WrongState(ConfirmSignUpError):
    """The account is in a state that this operation does not serve: disabled, or made by an administrator."""

    message = _("This account cannot be confirmed with a code. Please contact support.")


class SessionExpired(WrongState):
    """Cognito no longer takes the Session that came with the code; the call is then made again without it."""


class AliasConflict(ConfirmSignUpError):
    """The code was right, but another account has this e-mail address or phone number already."""

    message = _(
        "The code is right, but another account already uses this e-mail address or phone number. "
        "Sign in to that account, or reset its password."
    )
    told = Told.AS_IT_IS


class AttemptsExceeded(ConfirmSignUpError):
    """Cognito's limit for this user is used up: 15 codes tried or 5 codes sent in an hour."""

    message = _("There were too many attempts for this account. Please try again in an hour.")


class Throttled(ConfirmSignUpError):
    """Too many calls, by the quota of the AWS account or by our own limits."""

    message = _("Many people are signing up just now. Please try again in a minute.")
    told = Told.UNAVAILABLE


class DeliveryFailed(ConfirmSignUpError):
    """Cognito could not send the code, or did not say so: a mail or SMS limit, a missing role, a failing Lambda."""

    message = _("We could not send a code just now. Check whether one has arrived all the same, or try again later.")


class OutcomeUnknown(ConfirmSignUpError):
    """No clear answer. The user is probably confirmed: do not repeat blindly; ``cognito_sync`` finds out."""

    message = _(
        "We did not get a clear answer. Your account may be confirmed already: try to sign in, "
        "and come back here if that does not work."
    )
    told = Told.AS_IT_IS


class Blocked(ConfirmSignUpError):
    """A firewall (AWS WAF) in front of Cognito refused the call."""

    message = _("Confirming is not possible at the moment. Please try again later.")
    told = Told.UNAVAILABLE


class Misconfigured(ConfirmSignUpError):
    """The settings, the pool or the permissions are wrong. Operators must act; visitors get a general sentence."""

    message = Blocked.message
    told = Told.UNAVAILABLE


class Unavailable(ConfirmSignUpError):
    """Cognito could not be reached; the call was certainly not carried out."""

    message = Blocked.message
    told = Told.UNAVAILABLE


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
        (_pattern(r"status is FORCE_CHANGE_PASSWORD"), WrongState),
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

_READ: dict[str, Rule] = _COMMON | {"InternalErrorException": Unavailable}


class Operation(NamedTuple):
    """How to read the answers of one Cognito operation."""

    rules: dict[str, Rule]
    unclear: type[ConfirmSignUpError]
    """For an answer that says neither yes nor no: a time-out, a lost connection, a fault, a code in no list."""

    def classify(self, code: str, text: str) -> type[ConfirmSignUpError]:
        """Return the exception for an error answer: ``Error.Code`` and its text.

        A 4xx without a code of its own, which botocore reports by its number, is a firewall's.
        """
        rule = self.rules.get(code)
        if isinstance(rule, ByText):
            return rule.read(text)
        if rule is not None:
            return rule
        return Blocked if re.fullmatch(r"4\d\d", code) else self.unclear


OPERATIONS = {
    "ConfirmSignUp": Operation(_CONFIRM, unclear=OutcomeUnknown),
    "AdminConfirmSignUp": Operation(_CONFIRM, unclear=OutcomeUnknown),
    "ResendConfirmationCode": Operation(_RESEND, unclear=DeliveryFailed),
    "AdminGetUser": Operation(_READ, unclear=Unavailable),
    "ListUsers": Operation(_READ, unclear=Unavailable),
}
