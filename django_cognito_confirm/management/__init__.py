"""The commands: ``cognito_sync``, ``cognito_confirm``, ``cognito_prune`` and ``cognito_check``."""
