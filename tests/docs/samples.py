"""Runs the samples of a page, one after the other, as the parts of one site."""

from __future__ import annotations

import ast
import configparser
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from django.apps import apps
from django.conf import global_settings
from django.core import checks
from django.db import connection
from django.template import engines
from django.urls import clear_url_caches

from tests.docs.pages import Block, blocks_of

OUR_SETTINGS = {"COGNITO_POOLS", "COGNITO_CONFIRM", "TASKS"}

COMMANDS = {"console", "sh", "text"}
"""Kinds of samples whose commands are held against the programs that they name, in test_commands.py."""

DIRECTIVES = {"{include}", "{toctree}", "{eval-rst}"}
"""What Sphinx makes of them is no sample."""


class Site:
    """A site that consists of the samples on one page.

    Samples share one namespace. One that says which file it is, with a folder (``# accounts/models.py``), is that
    file: later samples import it, and if it holds models, they get their tables. Settings that a sample sets are in
    force from there on and must pass ``manage.py check``; so are its ``urlpatterns``, before those of the tests' own
    site.
    """

    def __init__(self, settings: Any, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.urlpatterns = importlib.import_module(settings.ROOT_URLCONF).urlpatterns
        self.namespace = {"__name__": "site_of_samples", "site": self, **self.at_hand()}
        self.models: list[Any] = []

    def at_hand(self) -> dict[str, Any]:
        """Return what a settings.py and a urls.py have before the lines that a sample adds."""
        return {
            "INSTALLED_APPS": list(self.settings.INSTALLED_APPS),
            "MIDDLEWARE": list(self.settings.MIDDLEWARE),
            "urlpatterns": [],
        }

    def run(self, page: Path) -> None:
        """Run every sample and every comment for the tests; fail at the first that is wrong or of an unknown kind."""
        reason = ""
        for block in blocks_of(page):
            if block.kind == "not run":
                reason = block.text
                assert len(reason.split()) > 2, f"{block}: say why"
            elif reason:
                assert block.kind != "run", f"{block}: no sample follows that is not run"
                reason = ""
            elif block.kind not in COMMANDS | DIRECTIVES:
                assert block.kind in KINDS, f"{block}: {block.kind!r} is not run, and nobody says why"
                KINDS[block.kind](self, block)
        assert not reason, f"{page}: no sample follows that is not run"

    def run_python(self, block: Block) -> None:
        """Run a sample, and put what it sets into force."""
        tree = ast.parse(padded(block), str(block.page))
        namespace = self.write(block) if block.title else self.namespace
        if not block.title:
            exec(compile(tree, str(block.page), "exec"), namespace)  # noqa: S102 - our own
        for name in assigned(tree):
            if name in OUR_SETTINGS or hasattr(global_settings, name):
                self.put_into_force(name, namespace[name])
            elif name == "urlpatterns":
                self.route(namespace[name])
        errors = [
            message for message in checks.run_checks() if message.level >= checks.ERROR and not message.is_silenced()
        ]
        assert not errors, f"{block}: {errors}"

    def put_into_force(self, name: str, value: Any) -> None:
        """Change a setting for the rest of the page."""
        if name == "COGNITO_CONFIRM":
            value = {"WARM_UP": False, **value}  # no thread outlives the test
        if name == "INSTALLED_APPS":
            value = [*dict.fromkeys(value)]  # what a page adds, the tests' own site has
        setattr(self.settings, name, value)

    def route(self, urlpatterns: list[Any]) -> None:
        """Serve what a sample serves, and behind it the pages of the tests' own site."""
        module = ModuleType("urls_of_samples")
        module.urlpatterns = [*urlpatterns, *self.urlpatterns]  # type: ignore[attr-defined]
        self.settings.ROOT_URLCONF = module
        clear_url_caches()

    def write(self, block: Block) -> dict[str, Any]:
        """Make a sample the file that it says it is; return the names in it."""
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(padded(block))
        importlib.invalidate_caches()
        package = Path(block.title).parts[0]
        if path.name == "models.py" and not apps.is_installed(package):
            self.settings.INSTALLED_APPS = [*self.settings.INSTALLED_APPS, package]
            self.make_tables(package)
        namespace: dict[str, Any] = vars(importlib.import_module(block.title.removesuffix(".py").replace("/", ".")))
        return namespace

    def make_tables(self, package: str) -> None:
        """Make the tables of the models that a sample has."""
        apps.clear_cache()  # other models may refer to these from now on
        with connection.schema_editor() as editor:
            for model in apps.get_app_config(package).get_models():
                editor.create_model(model)
                self.models.append(model)

    def close(self) -> None:
        """Leave nothing of the samples behind: no table, no model, no module."""
        with connection.schema_editor() as editor:
            for model in reversed(self.models):
                editor.delete_model(model)
        for model in self.models:
            apps.all_models.pop(model._meta.app_label, None)
        apps.clear_cache()
        for name, module in list(sys.modules.items()):
            if str(self.folder) in str(getattr(module, "__path__", "") or getattr(module, "__file__", "")):
                del sys.modules[name]
        clear_url_caches()


def padded(block: Block) -> str:
    """Return the text of a sample with its lines where they are in the page, for tracebacks."""
    return "\n" * block.line + block.text


def assigned(tree: ast.Module) -> list[str]:
    """Return the names that a sample gives a value, outside of functions and classes."""
    names = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            names += [target.id for target in statement.targets if isinstance(target, ast.Name)]
        elif isinstance(statement, ast.AugAssign | ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names.append(statement.target.id)
    return names


def compile_template(site: Site, block: Block) -> None:
    """Compile a template: every tag, filter and end must be right."""
    engines["django"].from_string(block.text)


def read_json(site: Site, block: Block) -> None:
    """Read JSON."""
    json.loads(block.text)


def read_yaml(site: Site, block: Block) -> None:
    """Read YAML."""
    yaml.safe_load(block.text)


def read_ini(site: Site, block: Block) -> None:
    """Read the format of INI files, which systemd's units have, too."""
    configparser.ConfigParser(strict=False, interpolation=None).read_string(block.text)


KINDS: dict[str, Callable[[Site, Block], None]] = {
    "python": Site.run_python,
    "run": Site.run_python,
    "django": compile_template,
    "html": compile_template,
    "json": read_json,
    "yaml": read_yaml,
    "ini": read_ini,
}
