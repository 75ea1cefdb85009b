"""Confirms the people whom staff have chosen, once they have said that they mean it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from .. import bulk
from ..bulk import Outcome
from ..conf import Pool, get_pool
from ..models import Confirmation, Job
from . import vouching
from .people import name_of, rows_of_others
from .running import INLINE, go_on
from .selections import CHUNK, Selection
from .wording import tell

ANOTHERS: Final = "anothers"
"""Kind of outcome of people whose name is another local record's: to confirm them would confirm somebody else."""


def confirm(request: HttpRequest, selection: Selection) -> Job:
    """Make a job of the chosen people and start it; what needs saying is said in messages.

    Raises ``Http404`` when nobody of them is in the list any more.
    """
    chunks = selection.chunks(request)
    people = next(chunks, None)
    if people is None:
        raise Http404
    pool = get_pool(selection.pool)
    vouched = vouching.vouch(request, selection, pool, people[0])
    job = bulk.create_job(pool, source="admin", requested_by=request.user)  # type: ignore[arg-type]  # it is staff
    said = _("Confirm sign-up in Cognito: asked for, job #%(number)d.") % {"number": job.pk}
    told: list[Outcome] = []
    names = _names(request, pool, chain([people], chunks), said, told)
    # Few people are asked of Cognito in any case: staff know something that the ledger does not.
    rows = bulk.add(job, names, again=len(selection.pks) <= INLINE, on_outcome=told.append)
    queued = 0
    while some := list(islice(rows, CHUNK)):
        LogEntry.objects.log_actions(request.user.pk, some, CHANGE, said)
        queued += len(some)
    missing = len(selection.pks) - queued - len(told)
    if missing > 0:
        messages.warning(request, _("No longer in the list: %(count)d.") % {"count": missing})
    _say(request, told)
    go_on(request, job)
    if vouched:
        vouching.verify(request, pool, vouched)
    return job


def _names(
    request: HttpRequest, pool: Pool, chunks: Iterator[list[Model]], said: str, told: list[Outcome]
) -> Iterator[str]:
    """Yield the usernames of people, some hundred of whom have ``said`` in their history by then.

    Whoever is somebody else's is added to ``told`` instead.
    """
    for people in chunks:
        others = rows_of_others(pool, people)
        if others:
            told.extend(_leave_out(request, people, others))
        asked = [person for person in people if person.pk not in others]
        if not isinstance(people[0], Confirmation):  # the ledger's rows get it in any case
            LogEntry.objects.log_actions(request.user.pk, asked, CHANGE, said)
        yield from map(name_of, asked)


def _leave_out(request: HttpRequest, people: list[Model], others: dict[Any, Confirmation]) -> list[Outcome]:
    """Return what became of those whose names are ``others``', after it was put into the history of both."""
    left_out = [person for person in people if person.pk in others]
    action = _("Confirm sign-up in Cognito")
    said = f"{action}: {_summarize(ANOTHERS)}."
    LogEntry.objects.log_actions(request.user.pk, [*left_out, *others.values()], CHANGE, said)
    return [Outcome(name_of(person), ANOTHERS) for person in left_out]


def _say(request: HttpRequest, told: list[Outcome]) -> None:
    """Tell of people for whom no call is made, by the reason."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for outcome in told:
        names[outcome.kind].append(outcome.username)
    for kind in names:
        level = messages.INFO if Outcome("", kind).ok else messages.WARNING
        messages.add_message(request, level, tell(_summarize(kind), names[kind]))


def _summarize(kind: str) -> str:
    if kind == ANOTHERS:
        return _("left out, as the ledger has this name for another record here")
    return bulk.summarize(kind)
