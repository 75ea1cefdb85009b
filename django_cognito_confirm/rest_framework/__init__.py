"""Confirm and resend over Django REST Framework (extra ``drf``): a site includes ``.urls`` and needs no more."""
