"""docs/page.md names what there is: custom properties, blocks, templates, pictures."""

from __future__ import annotations

import re
from pathlib import Path

import django_cognito_confirm

PACKAGE = Path(django_cognito_confirm.__file__).parent
DOCS = PACKAGE.parent / "docs"
PAGE = (DOCS / "page.md").read_text()
TEMPLATES = {path.name: path.read_text() for path in (PACKAGE / "templates" / "django_cognito_confirm").iterdir()}


def blocks(*names: str) -> set[str]:
    return {block for name in names for block in re.findall(r"{% block (\w+) %}", TEMPLATES[name])}


def rows_of(heading: str) -> dict[str, str]:
    """Return the rows of the table under a heading, by what stands in the first column."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    return dict(re.findall(r"^\| (`.*?) \| (.*) \|$", section, re.MULTILINE))


def test_every_custom_property_is_there_with_its_defaults() -> None:
    css = (PACKAGE / "static" / "django_cognito_confirm" / "confirm.css").read_text()
    light = dict(re.findall(r"^  (--cognito-confirm-[\w-]+): (.+);$", css, re.MULTILINE))
    dark = dict(re.findall(r"^    (--cognito-confirm-[\w-]+): (.+);$", css, re.MULTILINE))
    told = {
        f"`{name}`": f"`{value}` | {f'`{dark[name]}`' if name in dark else 'the same'}" for name, value in light.items()
    }
    assert set(dark) < set(light)
    assert rows_of("Colours and sizes") == told


def test_every_template_and_block_is_there() -> None:
    rows = rows_of("Texts")
    named = {name for row in rows for name in re.findall(r"`([a-z_]+\.html)`", row)}
    assert named | {"base.html"} == set(TEMPLATES)
    [page] = (told for row, told in rows.items() if row.startswith("`page.html`"))
    common = blocks("base.html", "page.html") - {"header", "footer"}
    assert set(re.findall(r"`(\w+)`", page)) == common
    assert blocks("confirm.html") - common == {"arrival"}
    assert blocks("resend.html", "done.html") <= common
    assert blocks("field.html", "problem.html", "resend_button.html", "ways_on.html", "encoded_data.html") == set()


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", PAGE)
    assert pictures
    assert [picture for picture in pictures if not (DOCS / picture).is_file()] == []
