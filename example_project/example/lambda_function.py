import hashlib
import hmac
import json
import os
import time
import urllib.request
from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    if event["triggerSource"] == "PostConfirmation_ConfirmSignUp":
        body, now = json.dumps(event).encode(), str(int(time.time()))
        signature = hmac.digest(os.environ["WEBHOOK_SECRET"].encode(), f"{now}.".encode() + body, hashlib.sha256)
        headers = {"Cognito-Confirm-Timestamp": now, "Cognito-Confirm-Signature": signature.hex()}
        try:
            urllib.request.urlopen(urllib.request.Request(os.environ["WEBHOOK_URL"], body, headers), timeout=3).close()
        except OSError as error:  # must not spoil the confirmation: a full sync finds who was missed
            print(f"The site was not told: {error!r}")
    return event
