"""What imports what in the package, and the layers that the imports must keep to."""

from __future__ import annotations

import re
from functools import cache

import grimp
from importlinter import api

from tests.docs.pages import ROOT

PACKAGE = "django_cognito_confirm"


@cache
def read_layers() -> list[list[str]]:
    """Return the modules of each layer, from the top down, as the contract of import-linter has them."""
    contracts = api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    [layers] = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.findall(r"\w+", layer) for layer in layers]


@cache
def read_imports() -> dict[str, set[str]]:
    """Return the modules that each module imports, by their first names within the package."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    modules = [name for layer in read_layers() for name in layer]
    for name in modules:
        graph.squash_module(f"{PACKAGE}.{name}")
    return {
        name: {
            imported.removeprefix(f"{PACKAGE}.")
            for imported in graph.find_modules_directly_imported_by(f"{PACKAGE}.{name}")
        }
        & set(modules) - {name}
        for name in modules
    }


def reduce(imports: dict[str, set[str]]) -> set[tuple[str, str]]:
    """Return the imports without those that say nothing new: a imports c where a imports b, and b imports c."""

    @cache
    def reach(name: str) -> frozenset[str]:
        return frozenset(imports[name]).union(*(reach(imported) for imported in imports[name]))

    return {
        (name, imported)
        for name, all_imported in imports.items()
        for imported in all_imported
        if not any(imported in reach(other) for other in all_imported - {imported})
    }
