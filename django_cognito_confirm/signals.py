"""The signals that host projects listen to. The sender of each is the ``Confirmation`` model."""

from __future__ import annotations

from django.dispatch import Signal

sign_up_confirmed = Signal()
"""Cognito has said that this user is confirmed.

Sent inside the transaction that marks it as delivered: a receiver that raises rolls both back, and it is sent again
later. Its effects in the ledger's database happen exactly once; effects elsewhere (mail, other services) belong in
``transaction.on_commit`` and should bear repeating.

Arguments: ``confirmation`` (a ``Confirmation``: ``pool``, ``username``, ``sub``, ``user``, ``source``,
``confirmed_at``), ``by_owner`` (``True`` when the browser session that signed up confirmed it), ``session`` (Cognito's
Session from the reply, ``""`` without one) and ``request``. On a later delivery ``by_owner`` is ``False``, ``session``
is ``""`` and ``request`` is ``None``.
"""

confirmation_refused = Signal()
"""A confirmation did not succeed. Sent robustly after the ledger's commit; promises nothing.

Arguments: ``pool`` (alias), ``username`` (as sent), ``by_owner``, ``request`` and ``error`` (the precise
``ConfirmSignUpError``, also where the visitor is told less).
"""

code_sent = Signal()
"""Cognito has sent a new code, or says so. Sent robustly; promises nothing.

Arguments: ``pool`` (alias), ``username`` (as sent), ``by_owner``, ``request`` and ``delivery`` (a ``Delivery``).
"""

signed_in = Signal()
"""The owner of a sign-up that was confirmed this moment has been signed in to Cognito (``AUTO_SIGN_IN``).

Sent after ``sign_up_confirmed`` has been delivered, only for the browser session that signed up, and never again. The
ID token has been checked, and is about the person whom ``confirmation`` is about. Receivers sign them in here, with
``django.contrib.auth.login(request, …)``. Sent in a transaction: a receiver that raises rolls back what all of them
did; the person is confirmed all the same, and signs in by hand.

Arguments: ``confirmation``, ``tokens`` (``id_token``, ``access_token``, ``refresh_token``, ``expires_in``: secrets,
whose ``repr`` is masked), ``claims`` (of the ID token) and ``request``.
"""
