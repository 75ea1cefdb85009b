"""What host projects call for one person: confirm a sign-up, send a new code, confirm by staff.

With a ``request``, a call is made for a visitor: whoever has not shown to be the owner (``pending``) learns nothing
that tells whether an account exists. Without one, it is trusted code, and every error is precise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseFailure
from django.views.decorators.debug import sensitive_variables

from . import cognito, inputs, ledger, listing, pending, sync
from .cognito import ConfirmSignUp, Delivery
from .conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .errors import AlreadyConfirmed, ConfirmSignUpError, InvalidCode, OutcomeUnknown, Refused, UserNotFound
from .models import Confirmation
from .signals import code_sent, confirmation_refused

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .pending import PendingSignUp

logger = logging.getLogger(__name__)


@sensitive_variables("code", "session")
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
    would refuse by its form is refused without a call. ``sub`` is Cognito's id of the user, where the caller knows it;
    ``session`` that of SignUp's reply (an owner's is sent without being asked for). ``force_alias_creation`` and
    ``client_metadata`` default to the pool's settings; ``user_context_data`` and ``analytics_metadata`` are sent as
    they are. ``source`` says in the ledger who asked, in at most 32 characters. The reply's Session is in
    ``confirmation.session``.

    When this returns, ``sign_up_confirmed`` has been sent, or is owed: a receiver that raises is called again by
    ``cognito_sync``, and the person is confirmed all the same.

    Raises a ``ConfirmSignUpError``; ``ImproperlyConfigured`` when the pool's settings lack something; ``RuntimeError``
    inside an ``atomic`` block, whose rollback would forget the attempt. Makes one call, which takes at most 25 seconds,
    and a second one where Cognito no longer takes the Session.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html
    """
    settings = get_pool(pool)
    cognito.public_client(pool)  # before the ledger: wrong settings must leave no attempt behind
    username = _clean(inputs.clean_username, username, UserNotFound, settings, request)
    owner = pending.get_owned(request, username, pool)
    call = ConfirmSignUp(
        username=username,
        code=_clean(inputs.clean_code, code, InvalidCode, settings, None if owner else request),
        session=session or (owner.session if owner else ""),
        force_alias_creation=_force_alias_creation(settings, force_alias_creation),
        client_metadata=_client_metadata(settings, client_metadata, request),
        user_context_data=user_context_data,
        analytics_metadata=analytics_metadata,
    )
    del code, session  # in the frames below they travel in ``call``, which does not show them
    attempt = ledger.begin(settings, username, source=source, sub=sub or (owner.sub if owner else ""))
    outcome = _carry_out(attempt, partial(cognito.confirm_sign_up, settings, call), owner=owner, request=request)
    if isinstance(outcome, ConfirmSignUpError):
        confirmation_refused.send_robust(
            sender=Confirmation, pool=pool, username=username, by_owner=bool(owner), request=request, error=outcome
        )
        raise _told(outcome, settings, owner, request)
    if request is not None:
        pending.complete(request, pool, owner)
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

    Sends a message, which costs money, so it is never repeated. For a stranger (a ``request`` that is not the owner's)
    every refusal looks like success, and the answer is always ``None``. Arguments and errors otherwise as for
    ``confirm_sign_up``. No ledger is involved: it may be called inside a transaction.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResendConfirmationCode.html
    """
    settings = get_pool(pool)
    owner = None
    try:
        username = _clean(inputs.clean_username, username, UserNotFound, settings, None)
        owner = pending.get_owned(request, username, pool)
        delivery = cognito.resend_confirmation_code(
            settings,
            username,
            client_metadata=_client_metadata(settings, client_metadata, request),
            user_context_data=user_context_data,
            analytics_metadata=analytics_metadata,
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

    For staff and trusted code: every error is precise. It runs the pool's post-confirmation Lambda; it does **not**
    verify the e-mail address or phone number. ``AlreadyConfirmed`` is followed by one look at the listing, so that a
    local record that missed it catches up, and is raised all the same. Needs ``cognito-idp:AdminConfirmSignUp``, and
    ``cognito-idp:ListUsers`` for the look. Otherwise as ``confirm_sign_up``.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminConfirmSignUp.html
    """
    settings = get_pool(pool)
    cognito.admin_client(pool)
    username = _clean(inputs.clean_username, username, UserNotFound, settings, None)
    metadata = _client_metadata(settings, client_metadata, request)
    attempt = ledger.begin(settings, username, source=source)

    def call() -> str:
        cognito.admin_confirm_sign_up(settings, username, client_metadata=metadata)
        return ""

    outcome = _carry_out(attempt, call, owner=None, request=request)
    if isinstance(outcome, ConfirmSignUpError):
        if isinstance(outcome, AlreadyConfirmed):
            _catch_up(settings, attempt.row.pk)
        raise outcome
    return outcome


aconfirm_sign_up = sync_to_async(confirm_sign_up)
aresend_code = sync_to_async(resend_code)
aadmin_confirm_sign_up = sync_to_async(admin_confirm_sign_up)


def _carry_out(
    attempt: ledger.Attempt, call: Callable[[], str], *, owner: PendingSignUp | None, request: HttpRequest | None
) -> Confirmation | ConfirmSignUpError:
    """Make the call of an attempt that has begun, and tell the ledger what came of it."""
    try:
        session = call()
    except ConfirmSignUpError as error:
        record = ledger.leave_open if isinstance(error, OutcomeUnknown) else ledger.refuse
        try:
            record(attempt, error.code)
        except DatabaseFailure:
            logger.exception("Confirmation %s: its outcome was not recorded; cognito_sync will.", attempt.row.pk)
        return error
    return ledger.confirm(attempt, by_owner=bool(owner), session=session, request=request)


def _catch_up(pool: Pool, pk: int) -> None:
    row = ledger.read(pk)
    if row is None:
        return
    try:
        sync.record(pool, row, listing.find(pool, row), may_close=False)
    except (ConfirmSignUpError, ValueError):
        return  # logged; cognito_sync will look again
    ledger.deliver(pk)


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


def _client_metadata(
    pool: Pool, given: Mapping[str, str] | None, request: HttpRequest | None
) -> Mapping[str, str] | None:
    if given is not None:
        return given
    return pool.client_metadata(request) if callable(pool.client_metadata) else pool.client_metadata
