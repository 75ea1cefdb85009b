"""Runs the AWS CLI again and again, in an environment that has it: starting it anew takes a second each time.

A line of JSON on standard input is a list of arguments, and is answered with a line that has what ``aws`` would have
printed and returned. Each runs in a fork, so nothing of one call is left in the next.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

from awscli.clidriver import create_clidriver


def run(driver: Any, arguments: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            status = driver.main(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (output, errors):
            file.seek(0)
        return {"status": status, "output": output.read().decode(), "errors": errors.read().decode()}


def main() -> None:
    driver = create_clidriver()
    # What is read from disk for this call, no fork has to read again. Nobody listens there.
    warm_up = ["cognito-idp", "list-users", "--user-pool-id", "eu-west-1_A", "--endpoint-url", "http://127.0.0.1:9"]
    replies, sys.stderr = os.fdopen(os.dup(1), "w"), open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the process's life
    driver.main(warm_up)
    sys.stderr = sys.__stderr__
    for line in sys.stdin:
        replies.write(json.dumps(run(driver, json.loads(line))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
