"""The pool's Lambda triggers, of which there is one: post confirmation, a function in the place of a Lambda."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from . import attributes, errors
from .clients import rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_cognito_confirm.conf import Pool

    from .models import SandboxUser

logger = logging.getLogger(__name__)


def post_confirmation(pool: Pool, user: SandboxUser, request: Mapping[str, Any]) -> None:
    """Call what ``POST_CONFIRMATION`` names, as AWS calls a handler: with the event and a context, here ``None``.

    Once, and not up to three times. Raises UserLambdaValidationException when it raises: the user is confirmed by then
    and stays so, as far as is known of Cognito.
    """
    trigger = rules(pool).post_confirmation
    if not trigger:
        return
    try:
        handler = import_string(trigger) if isinstance(trigger, str) else trigger
        handler(_event(pool, user, request), None)
    except Exception as error:
        logger.warning("The sandbox's post-confirmation trigger raised %s.", type(error).__name__)
        raise errors.TRIGGER_FAILED.error(trigger="PostConfirmation", error=type(error).__name__) from error


def _event(pool: Pool, user: SandboxUser, request: Mapping[str, Any]) -> dict[str, Any]:
    user.refresh_from_db()
    return {
        "version": "1",
        "region": pool.region,
        "userPoolId": pool.user_pool_id,
        "userName": user.username,
        "callerContext": {"awsSdkVersion": "sandbox", "clientId": pool.client_id},
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "request": {
            "userAttributes": {**attributes.of(user), "cognito:user_status": user.status},
            "clientMetadata": dict(request.get("ClientMetadata", {})),
        },
        "response": {},
    }
