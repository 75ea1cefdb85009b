"""What host projects call for one person: confirm a sign-up, send a new code, confirm by staff.

With a ``request``, a call is made for a visitor: limits apply (``throttling``), and whoever has not shown to be the
owner (``pending``) learns nothing that tells whether an account exists. Without one, it is trusted code, and every
error is precise.

What must not be shown travels in holders whose ``repr`` is masked: an exception keeps the frames that it came through.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from asgiref.sync import markcoroutinefunction, sync_to_async

from . import cognito, inputs, ledger, pending, sign_in, staff, throttling
from .cognito import ConfirmSignUp, Delivery
from .conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .errors import ConfirmSignUpError, InvalidCode, Refused, UserNotFound
from .masking import Masked, SecretStr
from .models import Confirmation
from .signals import code_sent, confirmation_refused
from .user_context import get_user_context_data

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .pending import PendingSignUp

P = ParamSpec("P")
R = TypeVar("R")


def confirm_sign_up(
    username: str,
    code: str,
    *,
    pool: str = DEFAULT_POOL_ALIAS,
    sub: str = "",
    session: str = "",
    force_alias_creation: bool | None = None,
    client_metadata: Mapping[str, str] | None = None,
    user_context_data: Mapping[str, str] | None = None,
    analytics_metadata: Mapping[str, str] | None = None,
    source: str = "service",
    request: HttpRequest | None = None,
) -> Confirmation:
    """Confirm a sign-up with the code that Cognito sent; return the ledger's row once Cognito has said yes.

    ``username`` has 1 to 128 characters, ``code`` 1 to 2048; both are cleaned first (``inputs``), and what Cognito
    would refuse by its form is refused without a call. ``pool`` is the alias in ``COGNITO_POOLS``. ``sub`` is Cognito's
    id of the user, where the caller knows it; ``session`` that of SignUp's reply (an owner's is sent without being
    asked for). ``force_alias_creation`` and ``client_metadata`` (strings to strings) default to the pool's settings;
    ``user_context_data`` (``"IpAddress"``, ``"EncodedData"``) and ``analytics_metadata`` (``"AnalyticsEndpointId"``)
    are sent as they are. ``source`` says in the ledger who asked, in at most 32 characters. ``request`` is the
    visitor's, in whose name the call is made; without one it is trusted code's, which nothing limits. The reply's
    Session is in ``confirmation.session``.

    When this returns, ``sign_up_confirmed`` has been sent, or is owed: a receiver that raises is called again by
    ``cognito_sync``, and the person is confirmed all the same. With ``AUTO_SIGN_IN``, the owner has been signed in to
    Cognito and ``signed_in`` has been sent, where that could be done (``sign_in``).

    Raises a ``ConfirmSignUpError``, among them ``Throttled`` with ``retry_after`` for our own limits;
    ``ImproperlyConfigured`` when the pool's settings lack something; ``RuntimeError`` inside an ``atomic`` block, whose
    rollback would forget the attempt. Makes one call, which takes at most 25 seconds,
    and a second one where Cognito no longer takes the Session; those of ``sign_in`` come after the commit.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html
    """
    message = ConfirmSignUp(
        username=username,
        code=SecretStr(code),
        session=SecretStr(session),
        force_alias_creation=force_alias_creation,
        client_metadata=client_metadata,
        user_context_data=user_context_data,
        analytics_metadata=analytics_metadata,
    )
    del code, session, client_metadata, user_context_data, analytics_metadata
    settings = get_pool(pool)
    cognito.get_client(cognito.PUBLIC, settings)  # before the ledger: wrong settings must leave no attempt behind
    username = _clean(inputs.clean_username, username, UserNotFound, settings, request)
    owner = pending.get_owned(request, username, pool)
    clean_code = _clean(inputs.clean_code, message.code, InvalidCode, settings, None if owner else request)
    if request is not None and owner is None:
        throttling.limit_confirm(settings, username, request)
    message = replace(
        message,
        username=username,
        code=clean_code,
        session=message.session or (owner.session if owner else ""),
        force_alias_creation=_force_alias_creation(settings, force_alias_creation),
        client_metadata=_client_metadata(settings, message.client_metadata, request),
        user_context_data=_user_context_data(settings, message.user_context_data, request),
    )
    attempt = ledger.begin(
        settings,
        username,
        source=source,
        sub=sub or (owner.sub if owner else ""),
        sign_up=owner.row if owner else None,
    )
    outcome = _carry_out(attempt, partial(cognito.confirm_sign_up, settings, message), owner=owner, request=request)
    if isinstance(outcome, ConfirmSignUpError):
        confirmation_refused.send_robust(
            sender=Confirmation, pool=pool, username=username, by_owner=bool(owner), request=request, error=outcome
        )
        raise _told(outcome, settings, owner, request)
    if request is not None:
        pending.complete(request, pool, owner)
        if owner and sign_in.sign_in(settings, outcome, username=username, sub=owner.sub, request=request):
            pending.complete(request, pool, owner, signed_in=True)  # the sign-in may have begun a new session
    return outcome


def resend_code(
    username: str,
    *,
    pool: str = DEFAULT_POOL_ALIAS,
    client_metadata: Mapping[str, str] | None = None,
    user_context_data: Mapping[str, str] | None = None,
    analytics_metadata: Mapping[str, str] | None = None,
    request: HttpRequest | None = None,
) -> Delivery | None:
    """Have Cognito send a new code, which makes earlier ones invalid; return where it went.

    ``username`` has 1 to 128 characters; ``pool`` is the alias. ``client_metadata``, ``user_context_data`` and
    ``analytics_metadata`` are as for ``confirm_sign_up``. Sends a message, which costs money, so it is never repeated.

    For a stranger (a ``request`` that is not the owner's) every refusal looks like success, and the answer is always
    ``None``; ``Throttled`` (our own limits) and ``Unavailable`` (no answer from Cognito, or a cache that is down) say
    nothing of the account. Raises otherwise what ``confirm_sign_up`` does, and ``DeliveryFailed`` where no code could
    be sent. No ledger is involved: it may be called inside a transaction.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResendConfirmationCode.html
    """
    given = Masked((client_metadata, user_context_data, analytics_metadata))
    del client_metadata, user_context_data, analytics_metadata
    settings = get_pool(pool)
    owner = None
    try:
        username = _clean(inputs.clean_username, username, UserNotFound, settings, None)
        owner = pending.get_owned(request, username, pool)
        if request is not None:
            throttling.limit_resend(settings, username, request, owner=owner.identity if owner else "")
        delivery = cognito.resend_confirmation_code(
            settings,
            username,
            client_metadata=_client_metadata(settings, given.value[0], request),
            user_context_data=_user_context_data(settings, given.value[1], request),
            analytics_metadata=given.value[2],
        )
    except ConfirmSignUpError as error:
        told = _told(error, settings, owner, request)
    else:
        code_sent.send_robust(
            sender=Confirmation, pool=pool, username=username, by_owner=bool(owner), request=request, delivery=delivery
        )
        if owner and request is not None:
            pending.code_sent(request, owner, delivery)
        return None if _is_stranger(settings, owner, request) else delivery
    if isinstance(told, Refused):
        return None
    raise told


def admin_confirm_sign_up(
    username: str,
    *,
    pool: str = DEFAULT_POOL_ALIAS,
    client_metadata: Mapping[str, str] | None = None,
    source: str = "admin",
    request: HttpRequest | None = None,
) -> Confirmation:
    """Confirm a sign-up without a code, by an administrator's credentials; return the ledger's row.

    For staff and trusted code: every error is precise, and nothing limits it. It runs the pool's post-confirmation
    Lambda; it does **not** verify the e-mail address or phone number. ``username``, ``pool``, ``client_metadata``
    (here for the Lambda alone) and ``source`` are as for ``confirm_sign_up``; ``request`` is that of the member of
    staff, for a ``CLIENT_METADATA`` that asks and for the receivers.

    Raises what ``confirm_sign_up`` does. ``AlreadyConfirmed`` is followed by one look at the listing, so that a local
    record that missed it catches up, and is raised all the same: ``NotListedYet`` where the listing does not show it.
    Needs ``cognito-idp:AdminConfirmSignUp``, and ``cognito-idp:ListUsers`` for the look.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminConfirmSignUp.html
    """
    given = Masked(client_metadata)
    del client_metadata
    settings = get_pool(pool)
    cognito.admin_client(pool)
    username = _clean(inputs.clean_username, username, UserNotFound, settings, None)
    metadata = Masked(_client_metadata(settings, given.value, request))
    attempt = ledger.begin(settings, username, source=source, by_staff=True)
    answer = staff.ask(settings, attempt, metadata)
    outcome = staff.record(settings, attempt, answer, request=request)
    if isinstance(outcome, ConfirmSignUpError):
        raise outcome
    return outcome


def _in_thread(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Return the async twin of ``function``; the frames in between do not show what it is called with."""

    @functools.wraps(function)
    def twin(*args: P.args, **kwargs: P.kwargs) -> Awaitable[R]:
        return sync_to_async(_carry)(Masked(partial(function, *args, **kwargs)))

    return markcoroutinefunction(twin)


def _carry(call: Masked[Callable[[], R]]) -> R:
    return call.value()


aconfirm_sign_up = _in_thread(confirm_sign_up)
aresend_code = _in_thread(resend_code)
aadmin_confirm_sign_up = _in_thread(admin_confirm_sign_up)


def _carry_out(
    attempt: ledger.Attempt, call: Callable[[], str], *, owner: PendingSignUp | None, request: HttpRequest | None
) -> Confirmation | ConfirmSignUpError:
    """Make the call of an attempt that has begun, and tell the ledger what came of it."""
    try:
        session = call()
    except ConfirmSignUpError as error:
        ledger.fail(attempt, error)
        return error
    return ledger.confirm(attempt, by_owner=bool(owner), session=session, request=request)


def _is_stranger(pool: Pool, owner: PendingSignUp | None, request: HttpRequest | None) -> bool:
    return request is not None and owner is None and not pool.reveal_users


def _told(
    error: ConfirmSignUpError, pool: Pool, owner: PendingSignUp | None, request: HttpRequest | None
) -> ConfirmSignUpError:
    return error.for_stranger() if _is_stranger(pool, owner, request) else error


def _clean(
    clean: Callable[[str], str],
    raw: str,
    refusal: type[ConfirmSignUpError],
    pool: Pool,
    request: HttpRequest | None,
) -> str:
    try:
        return clean(raw)
    except ValueError:
        pass
    raise _told(refusal(), pool, None, request)


def _force_alias_creation(pool: Pool, given: bool | None) -> bool | None:
    return (pool.force_alias_creation or None) if given is None else given


def _user_context_data(
    pool: Pool, given: Mapping[str, str] | None, request: HttpRequest | None
) -> Mapping[str, str] | None:
    """Return what the caller gives as it is, else what the pool is set to tell of a visitor; nothing is ``None``."""
    if given is None and request is not None:
        given = get_user_context_data(request, pool=pool.alias)
    return given or None


def _client_metadata(
    pool: Pool, given: Mapping[str, str] | None, request: HttpRequest | None
) -> Mapping[str, str] | None:
    return pool.get_client_metadata(request) if given is None else given
