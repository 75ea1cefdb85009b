"""Takes post-confirmation events over HTTP, signed: ``include("django_cognito_confirm.webhook.urls")``."""
