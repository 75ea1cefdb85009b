"""What the fault server remembers of the calls that arrived, and how it sums them up."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.operations import Body


@dataclass(frozen=True, slots=True)
class Call:
    """One call that arrived: what was asked, with what, whether the request was signed, and when it came.

    ``at``: seconds by the monotonic clock, which all processes of a machine share. ``throttled``: it was over the quota
    and had no effect.
    """

    operation: str
    body: Body
    signed: bool
    at: float = field(default_factory=time.monotonic)
    throttled: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self)


def summarise(calls: Iterable[Call]) -> dict[str, dict[str, Any]]:
    """Return what there was of each operation.

    ``calls`` and how many of them were ``throttled``; when the ``first`` and the ``last`` came; ``repeated``, the names
    that were sent more than once; ``by_second``, how many came in each second from the first on. Throttled calls
    are no repetitions, for they have to be made again, and not counted by second.
    """
    operations: dict[str, dict[str, Any]] = {}
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for call in calls:
        seen = operations.setdefault(call.operation, {"calls": 0, "throttled": 0, "first": call.at, "last": call.at})
        seen["calls"] += 1
        seen["throttled"] += call.throttled
        seen["first"] = min(seen["first"], call.at)
        seen["last"] = max(seen["last"], call.at)
        seconds[call.operation][int(call.at - seen["first"])] += not call.throttled
        if "Username" in call.body and not call.throttled:
            names[call.operation][call.body["Username"]] += 1
    for operation, seen in operations.items():
        seen["by_second"] = [seconds[operation][second] for second in range(max(seconds[operation]) + 1)]
        seen["repeated"] = sorted(name for name, times in names[operation].items() if times > 1)
    return operations
