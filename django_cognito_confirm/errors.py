"""What can go wrong, one exception for each thing that a caller can do about it.

``cognito.error_codes`` says which of Cognito's answers becomes which of them.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Iterator
from typing import ClassVar, Final

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class Told(enum.Enum):
    """What a stranger is told: nothing that says whether an account exists (see ``Refused``)."""

    REFUSED = enum.auto()
    UNAVAILABLE = enum.auto()
    AS_IT_IS = enum.auto()


def _kind(error: type[ConfirmSignUpError]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()


class ConfirmSignUpError(Exception):
    """A sign-up was not confirmed, or a code not sent.

    ``code`` is Cognito's error code (or ``""``), ``request_id`` AWS's, for support; ``retry_after`` the seconds to wait
    or ``None``; ``message`` a translated sentence that is safe to show. Cognito's own text is never kept: it can echo
    what was sent.
    """

    # Translators: The general error, where none of the others fits.
    message: str | Promise = _("Your sign-up could not be confirmed.")
    summary: ClassVar[str | Promise] = _("refused")
    """The same for staff, in a few words."""
    told: ClassVar[Told] = Told.REFUSED
    leads_to_sign_in: ClassVar[bool] = False
    """Whether signing in is what to try next: then nothing is wrong with the code."""

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
        return _kind(type(self))

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
        # Translators: The one answer for every no, so it must not sound sure that the account exists.
        "This code was not accepted. Check it, or ask for a new code. "
        "If you have confirmed your account before, sign in."
    )


class InvalidCode(ConfirmSignUpError):
    """The code is wrong, expired, used up or replaced by a newer one. Cognito does not tell these apart reliably."""

    message = _("This code is wrong or no longer valid. Check it, or ask for a new code.")
    summary = _("wrong or expired code")


class AlreadyConfirmed(ConfirmSignUpError):
    """The account was confirmed before. Cognito says so without looking at the code: it proves nothing."""

    message = _("This account is already confirmed. You can sign in.")
    summary = _("was confirmed already")
    leads_to_sign_in = True


class NotListedYet(AlreadyConfirmed):
    """Staff were told that the account was confirmed before, and no listing has shown it: nothing is recorded yet."""

    summary = _("was confirmed already, which no listing shows yet: cognito_sync finds out")


class UserNotFound(ConfirmSignUpError):
    """No such user in the pool, or a name that none can have."""

    message = _("There is no such account. Check the spelling, or sign up again.")
    summary = _("not in the user pool")


class WrongState(ConfirmSignUpError):
    """The account is in a state that this operation does not serve: disabled, or made by an administrator."""

    # Translators: Somebody made or closed this account by hand.
    message = _("This account cannot be confirmed with a code. Please contact support.")
    summary = _("disabled, or in a state that cannot be confirmed")


class ForceChangePassword(WrongState):
    """An administrator made the account: it is confirmed when its password is set (AdminSetUserPassword)."""

    summary = _("made by an administrator: set a password instead")


class SessionExpired(WrongState):
    """Cognito no longer takes the Session that came with the code; the call is then made again without it."""


class AliasConflict(ConfirmSignUpError):
    """The code was right, but another account has this e-mail address or phone number already."""

    message = _(
        # Translators: They did nothing wrong. The other account may be their own, made earlier.
        "The code is right, but another account already uses this e-mail address or phone number. "
        "Sign in to that account, or reset its password."
    )
    summary = _("another account has the address or number")
    told = Told.AS_IT_IS
    leads_to_sign_in = True


class AttemptsExceeded(ConfirmSignUpError):
    """Cognito's limit for this user is used up: 15 codes tried or 5 codes sent in an hour."""

    message = _("There were too many attempts for this account. Please try again in an hour.")
    summary = _("too many attempts for this account")


def _say_wait(seconds: int) -> str:
    minutes, hours = math.ceil(seconds / 60), math.ceil(seconds / 3600)
    if seconds < 60:
        number, told = (
            seconds,
            ngettext(
                "That was tried too often. Please try again in %(number)d second.",
                "That was tried too often. Please try again in %(number)d seconds.",
                seconds,
            ),
        )
    elif minutes < 100:
        number, told = (
            minutes,
            ngettext(
                "That was tried too often. Please try again in %(number)d minute.",
                "That was tried too often. Please try again in %(number)d minutes.",
                minutes,
            ),
        )
    else:
        number, told = (
            hours,
            ngettext(
                "That was tried too often. Please try again in %(number)d hour.",
                "That was tried too often. Please try again in %(number)d hours.",
                hours,
            ),
        )
    return told % {"number": number}


_wait_in_words = lazy(_say_wait, str)


class Throttled(ConfirmSignUpError):
    """Too many calls: by our own limits, with ``retry_after``, or by the quota of the AWS account, without."""

    # Translators: The service is busy. It has nothing to do with this person.
    message: str | Promise = _("Many people are signing up just now. Please try again in a minute.")
    summary = _("too many calls")
    told = Told.UNAVAILABLE

    def __init__(self, code: str = "", *, request_id: str = "", retry_after: int | None = None) -> None:
        super().__init__(code, request_id=request_id, retry_after=retry_after)
        if retry_after is not None:
            self.message = _wait_in_words(retry_after)

    @property
    def is_ours(self) -> bool:
        """Whether one of this site's own limits refused the call: it was not made."""
        return self.retry_after is not None

    def for_stranger(self) -> ConfirmSignUpError:
        return self if self.is_ours else super().for_stranger()


class DeliveryFailed(ConfirmSignUpError):
    """Cognito could not send the code, or did not say so: a mail or SMS limit, a missing role, a failing Lambda."""

    message = _("We could not send a code just now. Check whether one has arrived all the same, or try again later.")
    summary = _("the code could not be sent")


class DeliveryUnknown(DeliveryFailed):
    """No answer to a resend: the code may have been sent."""

    told = Told.UNAVAILABLE


LAMBDA_ERRORS: Final = frozenset(
    {"UserLambdaValidationException", "UnexpectedLambdaException", "InvalidLambdaResponseException"}
)
"""A trigger of the pool failed. To ConfirmSignUp, it is said after a right code only."""


class OutcomeUnknown(ConfirmSignUpError):
    """No clear answer. The user is probably confirmed: do not repeat blindly; ``cognito_sync`` finds out.

    A stranger is told so where a Lambda failed, which follows a right code. Anything else may follow any code.
    """

    message = _(
        # Translators: The connection broke, so nobody knows whether it worked.
        "We did not get a clear answer. Your account may be confirmed already: try to sign in, "
        "and come back here if that does not work."
    )
    summary = _("no clear answer yet: cognito_sync finds out")
    told = Told.UNAVAILABLE
    leads_to_sign_in = True

    def for_stranger(self) -> ConfirmSignUpError:
        return self if self.code in LAMBDA_ERRORS else super().for_stranger()


class Blocked(ConfirmSignUpError):
    """A firewall (AWS WAF) in front of Cognito refused the call."""

    # Translators: Something is out of order. The reason is of no use to visitors.
    message = _("Confirming is not possible at the moment. Please try again later.")
    summary = _("blocked by a firewall")
    told = Told.UNAVAILABLE


class Misconfigured(ConfirmSignUpError):
    """The settings, the pool or the permissions are wrong. Operators must act; visitors get a general sentence."""

    message = Blocked.message
    summary = _("settings or permissions are wrong")
    told = Told.UNAVAILABLE


class Unavailable(ConfirmSignUpError):
    """Cognito could not be reached; the call was certainly not carried out."""

    message = Blocked.message
    summary = _("Cognito could not be reached")
    told = Told.UNAVAILABLE


def _classes(error: type[ConfirmSignUpError]) -> Iterator[type[ConfirmSignUpError]]:
    yield error
    for subclass in error.__subclasses__():
        yield from _classes(subclass)


_SUMMARIES = {_kind(error): error.summary for error in _classes(ConfirmSignUpError)}


def describe(kind: str) -> str | Promise:
    """Return what an error's ``kind`` means, for staff, in a few words; the kind itself when it is none of ours."""
    return _SUMMARIES.get(kind, kind)
