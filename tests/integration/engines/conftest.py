from __future__ import annotations

from django.conf import settings

# These tests have models and workers of their own: with other settings there is nothing that they could run on.
collect_ignore_glob = ["test_*.py"] if f"{__package__}.settings" != settings.SETTINGS_MODULE else []
