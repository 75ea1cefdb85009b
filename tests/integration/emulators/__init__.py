"""Against servers that nobody here wrote: ``make test-emulators`` makes their environments, and runs these tests.

``programs`` has the servers, each pinned to one release in an environment of its own; ``aws_cli`` the AWS CLI, in the
shape of boto3. Which rule each emulator keeps stands in ``tests.conformance.table``; the tests of the service layer,
the pages and ``sync`` take those emulators that keep the rules which they are about.
"""
