"""Many people: jobs, which put them in the ledger's queue, and runs, which ask Cognito for them at a shared rate."""

from .jobs import Progress, add, batches, create_job, discard_if_empty, note, preview, progress, waiting
from .people_file import FAILED_COLUMNS, FailureFile, count_people, open_people_file, read_people
from .reports import QUEUED, UNREADABLE, Outcome, Report, summarize
from .runs import run, run_job

__all__ = [
    "FAILED_COLUMNS",
    "QUEUED",
    "UNREADABLE",
    "FailureFile",
    "Outcome",
    "Progress",
    "Report",
    "add",
    "batches",
    "count_people",
    "create_job",
    "discard_if_empty",
    "note",
    "open_people_file",
    "preview",
    "progress",
    "read_people",
    "run",
    "run_job",
    "summarize",
    "waiting",
]
