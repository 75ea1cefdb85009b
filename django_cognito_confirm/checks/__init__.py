"""What ``manage.py check`` says of the settings and of the site around them, each with an id and a hint."""

from .deployment import check_caches, check_deployment, check_sessions
from .settings import check_settings
from .urls import check_urls

__all__ = ["check_caches", "check_deployment", "check_sessions", "check_settings", "check_urls"]
