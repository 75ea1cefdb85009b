"""Signs somebody in right after the confirmation, without the password a second time: ``AUTO_SIGN_IN``.

Only the owner, only when the ledger has delivered, and never at the cost of the confirmation: whatever goes wrong here
is logged, and the person signs in by hand.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.db.transaction import TransactionManagementError

from . import cognito, ledger
from .cognito import Tokens
from .conf import Pool
from .conflicts import is_broken
from .errors import ConfirmSignUpError
from .models import Confirmation, Status
from .signals import signed_in
from .tokens import Claims, InvalidToken, verify_id_token
from .visits import undone_on_error

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)


def sign_in(pool: Pool, confirmation: Confirmation, *, username: str, sub: str, request: HttpRequest) -> bool:
    """Sign the owner of ``confirmation`` in to Cognito and tell the receivers of ``signed_in``. Never raises.

    ``username`` is the one that was sent, ``sub`` that of the sign-up which this browser session owns. Returns whether
    the visitor is signed in to this site now, which is the receivers' doing. One call, of at most 10 seconds, and
    where the pool's keys are not known yet a second one.
    """
    if not (pool.auto_sign_in and confirmation.session and confirmation.status == Status.DELIVERED):
        return False
    try:
        tokens = cognito.sign_in_with_session(pool, username, confirmation.session)
        claims = verify_id_token(tokens.id_token, pool=pool.alias)
    except (ConfirmSignUpError, InvalidToken) as error:
        reason = error.reason if isinstance(error, InvalidToken) else cognito.explain(error)
        logger.info("Confirmation %s: not signed in (%s)", confirmation.pk, reason)
        return False
    except Exception:
        logger.exception("Confirmation %s: not signed in", confirmation.pk)
        return False
    if not sub or not sub == claims["sub"] == confirmation.sub:
        logger.error("Confirmation %s: not signed in, for the token is somebody else's", confirmation.pk)
        return False
    return _tell(confirmation, tokens, claims, request)


def _tell(confirmation: Confirmation, tokens: Tokens, claims: Claims, request: HttpRequest) -> bool:
    """Run the receivers; what they did here, and to the visitor's session, is undone if one raises."""
    try:
        with transaction.atomic(using=ledger.database()), undone_on_error(request):
            signed_in.send(
                sender=Confirmation, confirmation=confirmation, tokens=tokens, claims=claims, request=request
            )
            if is_broken(connections[ledger.database()]):
                raise TransactionManagementError("A receiver of signed_in swallowed an error of the database.")  # noqa: TRY301
    except Exception:
        logger.exception("Confirmation %s: not signed in, for a receiver or the database failed", confirmation.pk)
        return False
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_authenticated)
