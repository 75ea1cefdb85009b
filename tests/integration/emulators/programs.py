"""The emulators: how each is started, and where its codes are found."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from .emulator import ENVIRONMENTS, Emulator, fetch


class MiniStack(Emulator):
    """Looks at codes with ``AUTH`` alone, and mails them to a mailbox of its own."""

    name = "MiniStack"
    requirement = "ministack==1.5.33"
    ready_path = "/_ministack/ready"

    @classmethod
    def program(cls) -> Path:
        return ENVIRONMENTS / "ministack/bin/ministack"

    def options(self) -> dict[str, str]:
        return {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self.folder}/none",  # nothing of the host's containers is its business
        }

    def codes(self, destination: str) -> list[str]:
        mailboxes = fetch(f"{self.url}/_ministack/ses/messages")["messages"].values()
        bodies = [mail["BodyText"] for mailbox in mailboxes for mail in mailbox if destination in mail["To"]]
        return [code for body in bodies for code in re.findall(r"\b\d{6}\b", body)]


class Moto(Emulator):
    """Sends no codes, and takes any."""

    name = "moto"
    requirement = "moto[server]==5.2.5"
    lacks = frozenset({"ResendConfirmationCode"})
    ready_path = "/moto-api/data.json"

    @classmethod
    def program(cls) -> Path:
        return ENVIRONMENTS / "moto/bin/moto_server"

    def command(self) -> list[str]:
        return [*super().command(), "--host", "127.0.0.1", "--port", str(self.port)]

    def options(self) -> dict[str, str]:
        return {}

    def codes(self, destination: str) -> list[str]:
        return ["123456"]


class CognitoLocal(Emulator):
    """Keeps each user's live code in its files. Its log has a message only when another follows."""

    name = "cognito-local"
    requirement = "cognito-local@5.3.0"
    lacks = frozenset({"ResendConfirmationCode"})
    ready_path = "/health"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._sent: dict[str, list[str]] = {}

    @classmethod
    def program(cls) -> Path:
        return ENVIRONMENTS / "cognito-local/node_modules/cognito-local/lib/bin/start.js"

    def command(self) -> list[str]:
        return [shutil.which("node") or "node", *super().command()]

    def options(self) -> dict[str, str]:
        folder = self.folder / ".cognito"
        folder.mkdir()
        # Unless it is told otherwise, addresses are the names in every pool.
        (folder / "config.json").write_text(json.dumps({"UserPoolDefaults": {"UsernameAttributes": []}}))
        return {"HOST": "127.0.0.1", "PORT": str(self.port)}

    def codes(self, destination: str) -> list[str]:
        sent = self._sent.setdefault(destination, [])
        for user in self._users():
            code = user.get("ConfirmationCode")
            if code and code not in sent and destination in [item["Value"] for item in user["Attributes"]]:
                sent.append(code)
        return sent

    def _users(self) -> list[Any]:
        pools = [json.loads(file.read_text()) for file in (self.folder / ".cognito/db").glob("local_*.json")]
        return [user for pool in pools for user in pool.get("Users", {}).values()]


EMULATORS: dict[str, type[Emulator]] = {emulator.name: emulator for emulator in (MiniStack, Moto, CognitoLocal)}
