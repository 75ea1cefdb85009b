"""The AWS CLI in the shape of boto3's client, so that the rules can be tried through it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from .emulator import ENDS_WITHIN, ENVIRONMENTS

AWS = ENVIRONMENTS / "awscli/bin/aws"
DRIVER = Path(__file__).with_name("aws_cli_driver.py")
ERROR = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation(?: \([^)]*\))?: (.*)", re.DOTALL)

Run = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


def environment(folder: Path) -> dict[str, str]:
    """Return what the CLI is to know: made-up credentials, and nothing of whoever runs the tests."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def start(folder: Path) -> Run:
    """Return what starts ``aws`` with some arguments."""

    def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [AWS, *arguments], env=environment(folder), capture_output=True, text=True, check=False, timeout=60
        )

    return run


@contextmanager
def keep_ready(folder: Path) -> Iterator[Run]:
    """Start the CLI once, and yield what has it run with some arguments, as it would after a new start."""
    command = [AWS.with_name("python"), DRIVER]
    with subprocess.Popen(
        command, env=environment(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdin
        assert driver.stdout
        requests, replies = driver.stdin, driver.stdout

        def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
            requests.write(json.dumps(arguments) + "\n")
            requests.flush()
            reply = json.loads(replies.readline())
            return subprocess.CompletedProcess(arguments, reply["status"], reply["output"], reply["errors"])

        try:
            yield run
        finally:
            requests.close()
            try:
                driver.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                driver.kill()


class AwsCli:
    """``AwsCli(run, url).sign_up(ClientId=…)`` runs ``aws cognito-idp sign-up --client-id …``; errors are boto3's."""

    def __init__(self, run: Run, endpoint_url: str, *, signs: bool = True) -> None:
        self._run = run
        self._options = ["--endpoint-url", endpoint_url, "--output", "json", "--no-paginate"]
        if not signs:
            self._options.append("--no-sign-request")

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**members: Any) -> Any:
            arguments = [word for name, value in members.items() for word in option(name, value)]
            done = self._run(["cognito-idp", operation.replace("_", "-"), *arguments, *self._options])
            if done.returncode == 0:
                return json.loads(done.stdout or "{}")
            found = ERROR.search(done.stderr)
            assert found, done.stderr
            code, name, message = found.groups()
            raise ClientError({"Error": {"Code": code, "Message": message.rstrip("\n")}}, name)

        return call


def option(name: str, value: object) -> list[str]:
    """Return how the CLI is told of a member: ``--client-id x``, ``--force-alias-creation``, JSON for parts."""
    flag = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    return [f"--{flag}", value if isinstance(value, str) else json.dumps(value)]
