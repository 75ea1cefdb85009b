"""The errors that the sandbox answers, word for word as Cognito writes them where the words are known."""

from __future__ import annotations

from dataclasses import dataclass


class CognitoError(Exception):
    """A refusal: ``code`` is Cognito's error code, ``message`` its text. Answered with HTTP status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line of the table below: an error code and a text with places for values."""

    code: str
    text: str

    def error(self, **values: object) -> CognitoError:
        """Return the exception to raise, with ``values`` in the text's places."""
        return CognitoError(self.code, self.text.format(**values))


ALIAS_EXISTS = Refusal("AliasExistsException", "An account with the {attribute} already exists.")
CODE_DELIVERY_FAILURE = Refusal("CodeDeliveryFailureException", "Unable to deliver the message.")
CODE_EXPIRED = Refusal("ExpiredCodeException", "Invalid code provided, please request a code again.")
CODE_MISMATCH = Refusal("CodeMismatchException", "Invalid verification code provided, please try again.")
LIMIT_EXCEEDED = Refusal("LimitExceededException", "Attempt limit exceeded, please try after some time.")

NOT_UNCONFIRMED = Refusal("NotAuthorizedException", "User cannot be confirmed. Current status is {status}")
USER_DISABLED = Refusal("NotAuthorizedException", "User is disabled.")
SESSION_INVALID = Refusal("NotAuthorizedException", "Invalid session for the user.")
WRONG_PASSWORD = Refusal("NotAuthorizedException", "Incorrect username or password.")
WRITE_UNAUTHORIZED = Refusal("NotAuthorizedException", "A client attempted to write unauthorized attribute")
SECRET_HASH_WRONG = Refusal("NotAuthorizedException", "Unable to verify secret hash for client {client_id}")
SECRET_HASH_WRONG_AT_SIGN_IN = Refusal(
    "NotAuthorizedException", "SecretHash does not match for the client: {client_id}"
)
SECRET_HASH_MISSING = Refusal(
    "NotAuthorizedException", "Client {client_id} is configured with secret but SECRET_HASH was not received"
)

USER_NOT_CONFIRMED = Refusal("UserNotConfirmedException", "User is not confirmed.")
USER_NOT_FOUND = Refusal("UserNotFoundException", "User does not exist.")
COMBINATION_NOT_FOUND = Refusal("UserNotFoundException", "Username/client id combination not found.")
PASSWORD_RESET_REQUIRED = Refusal("PasswordResetRequiredException", "Password reset required for the user")

USERNAME_EXISTS = Refusal("UsernameExistsException", "User already exists")
ACCOUNT_EXISTS = Refusal("UsernameExistsException", "An account with the given {attribute} already exists.")
PASSWORD_TOO_SHORT = Refusal(
    "InvalidPasswordException", "Password did not conform with policy: Password not long enough"
)

ALREADY_CONFIRMED = Refusal("InvalidParameterException", "User is already confirmed.")
NOTHING_TO_SEND_TO = Refusal("InvalidParameterException", "Cannot resend codes. Auto verification not turned on.")
NAME_NOT_AN_ATTRIBUTE = Refusal("InvalidParameterException", "Username should be {expected}.")
NAME_LIKE_ALIAS = Refusal(
    "InvalidParameterException",
    "Username cannot be of {kind} format, since user pool is configured for {kind} alias.",
)
EMAIL_INVALID = Refusal("InvalidParameterException", "Invalid email address format.")
PHONE_INVALID = Refusal("InvalidParameterException", "Invalid phone number format.")
ATTRIBUTE_UNKNOWN = Refusal(
    "InvalidParameterException",
    "Attributes did not conform to the schema: {name}: Attribute does not exist in the schema.",
)
ATTRIBUTE_UNSTORABLE = Refusal(
    "InvalidParameterException", "Attributes did not conform to the schema: {name}: Attribute value is not valid."
)
ONLY_VERIFIES = Refusal(
    "InvalidParameterException",
    "The sandbox sets email_verified and phone_number_verified to true, with email and phone_number, and no others.",
)
NOTHING_TO_VERIFY = Refusal("InvalidParameterException", "User has no {attribute} to verify.")
ATTRIBUTES_NOT_SET = Refusal("InvalidParameterException", "One or more requested attributes do not exist.")
FILTER_INVALID = Refusal("InvalidParameterException", "Error while parsing filter.")
FILTER_ATTRIBUTE_INVALID = Refusal("InvalidParameterException", "Invalid search attribute: {name}")
PAGING_MARKER_INVALID = Refusal("InvalidParameterException", "Paging marker is invalid.")
PARAMETER_MISSING = Refusal("InvalidParameterException", "Missing required parameter {name}")
FLOW_NOT_SUPPORTED = Refusal("InvalidParameterException", "Initiate Auth method not supported.")

CLIENT_NOT_FOUND = Refusal("ResourceNotFoundException", "User pool client {client_id} does not exist.")
POOL_NOT_FOUND = Refusal("ResourceNotFoundException", "User pool {user_pool_id} does not exist.")

INVALID_JSON = Refusal("SerializationException", "The request is not valid JSON text.")
WRONG_TYPE = Refusal("SerializationException", "{found} can not be converted to {wanted}")
UNKNOWN_OPERATION = Refusal("UnknownOperationException", "Unknown operation.")
TOO_LARGE = Refusal("RequestEntityTooLargeException", "The request could not be read, or is too large.")
