"""A stand-in for Cognito that goes wrong when told to: over a socket, in the ways that networks and services do.

In process, for most tests::

    with FaultServer() as server:
        server.users.add("ann", code="123456")
        server.script("ConfirmSignUp", "drop_after", "ok")   # the next two calls; then the default, "ok"
        ...                                                  # a boto3 client with endpoint_url=server.url
        assert [call.operation for call in server.calls] == ["ConfirmSignUp", "ListUsers"]

As a process of its own, for tests that kill other processes: ``python -m tests.faults --port 0`` prints its address,
and ``control()`` tells it what to do. The behaviours are listed in ``tests.faults.behaviours``.
"""

from tests.faults.http import CountingServer
from tests.faults.records import Call
from tests.faults.server import FaultServer, control

__all__ = ["Call", "CountingServer", "FaultServer", "control"]
