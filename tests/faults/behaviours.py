"""What the fault server can do with a call, by name.

A name is a fault's, optionally followed by ``_before`` (nothing happens to the user) or ``_after`` (the call takes
effect first, as if only the answer had suffered), and for ``delay`` by a number of seconds: ``drop_after``,
``internal_error_before``, ``delay:2.5``. A ``delay_before`` or ``hold_before`` takes effect too, but only once it has
waited: by then the caller may have gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

AMZ_JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer. Only ``AMZ_JSON`` bears AWS's request id: the rest stands for what is between us and AWS."""

    status: int
    body: bytes
    content_type: str = AMZ_JSON


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What happens to one call.

    ``applied``: whether the call takes effect before the fault. ``reply``: what is answered in place of the truth.
    ``drop``: the connection is closed without an answer; ``sent``: the share of the body after which it is closed,
    if below 1. ``delay``: seconds to wait; ``hold``: wait until the test lets go. ``late``: the call takes effect after
    the wait, not before.
    """

    applied: bool = True
    reply: Reply | None = None
    drop: bool = False
    sent: float = 1.0
    delay: float = 0.0
    hold: bool = False
    late: bool = False


def error(code: str, message: str, status: int = 400) -> Reply:
    """Return an error as the JSON 1.1 protocol writes it."""
    return Reply(status, json.dumps({"__type": code, "message": message}).encode())


def _html(status: int) -> Reply:
    return Reply(status, b"<!DOCTYPE html><html><body><h1>Not Cognito</h1></body></html>", "text/html")


LONGEST_WAIT = 60.0  # seconds; a forgotten "hold" ends by itself

BEHAVIOURS = {
    "ok": Behaviour(),
    "drop": Behaviour(applied=False, drop=True),
    "truncate": Behaviour(applied=False, sent=0.5),
    "headers_only": Behaviour(applied=False, sent=0.0),
    "delay": Behaviour(),
    "hold": Behaviour(hold=True),
    "garbage": Behaviour(applied=False, reply=Reply(200, b"{]not json")),
    "garbage_bytes": Behaviour(applied=False, reply=Reply(200, b"\x00\xff\xfe")),
    "garbage_400": Behaviour(applied=False, reply=Reply(400, b"{]not json")),
    "json_array": Behaviour(applied=False, reply=Reply(200, b"[1, 2]")),
    "empty_200": Behaviour(applied=False, reply=Reply(200, b"", "text/plain")),
    "html_200": Behaviour(applied=False, reply=_html(200)),
    "html_502": Behaviour(applied=False, reply=_html(502)),
    "waf_403": Behaviour(applied=False, reply=Reply(403, b"", "text/html")),
    "internal_error": Behaviour(applied=False, reply=error("InternalErrorException", "Internal error.", 500)),
    "unavailable": Behaviour(applied=False, reply=Reply(503, b"", "text/plain")),
    "throttle": Behaviour(applied=False, reply=error("TooManyRequestsException", "Rate exceeded")),
    "limit": Behaviour(
        applied=False, reply=error("LimitExceededException", "Attempt limit exceeded, please try after some time.")
    ),
    "access_denied": Behaviour(
        applied=False,
        reply=error("AccessDeniedException", "User: arn:aws:iam::123456789012:user/site is not authorized"),
    ),
    "unknown_code": Behaviour(applied=False, reply=error("BrandNewException", "Nobody has heard of this one.")),
    "lambda_error": Behaviour(reply=error("UserLambdaValidationException", "PostConfirmation failed with error no.")),
    "lambda_timeout": Behaviour(
        reply=error("UnexpectedLambdaException", "PostConfirmation invocation failed due to error timeout.")
    ),
}


def behaviour(name: str) -> Behaviour:
    """Return the behaviour called ``name``; raise ``ValueError`` when there is none."""
    stem, _, seconds = name.partition(":")
    fault, _, when = stem.rpartition("_")
    if stem in BEHAVIOURS:
        fault, when = stem, ""
    if fault not in BEHAVIOURS or when not in ("", "before", "after") or bool(seconds) != (fault == "delay"):
        raise ValueError(f"There is no behaviour {name!r}; one of {[*BEHAVIOURS]} may end in _before or _after")
    found = BEHAVIOURS[fault]
    if seconds:
        found = replace(found, delay=float(seconds))
    if not when:
        return found
    if found.hold or found.delay:
        return replace(found, late=when == "before")
    return replace(found, applied=when == "after")
