"""The catalogues: whole, in step with the texts, and compiled."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation import gettext, override, to_language

import django_cognito_confirm

PACKAGE = Path(django_cognito_confirm.__file__).parent
LOCALES = [
    *("ar", "da", "de", "en", "es", "fr", "he", "hi", "id", "it", "ja", "ko", "nb", "nl", "pl", "pt_BR", "sv", "th"),
    *("tr", "uk", "zh_Hans", "zh_Hant"),
]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}|</?\w+>")
"""What a translation must keep as it is: names of values, and tags."""

Entry = polib.POEntry | polib.MOEntry
Key = tuple[str, str, str]
each_locale = pytest.mark.parametrize("locale", LOCALES)


def folder(locale: str) -> Path:
    return PACKAGE / "locale" / locale / "LC_MESSAGES"


@functools.cache
def read(locale: str) -> polib.POFile:
    return polib.pofile(str(folder(locale) / "django.po"))


def key(entry: Entry) -> Key:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def translations(entry: Entry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_there_is_a_catalogue_for_each_language() -> None:
    assert sorted(path.name for path in (PACKAGE / "locale").iterdir()) == LOCALES


@each_locale
def test_no_message_is_untranslated_or_fuzzy(locale: str) -> None:
    catalogue = read(locale)
    assert [entry.msgid for entry in catalogue if not all(translations(entry))] == []
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []


@each_locale
def test_no_translation_has_lost_a_placeholder(locale: str) -> None:
    for entry in read(locale):
        kept = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for translation in filter(None, translations(entry)):
            assert sorted(PLACEHOLDER.findall(translation)) == kept, (entry.msgid, translation)


@each_locale
def test_every_plural_form_is_there(locale: str) -> None:
    catalogue = read(locale)
    forms = re.match(r"nplurals=(\d)", catalogue.metadata["Plural-Forms"])
    assert forms
    plurals = [entry for entry in catalogue if entry.msgid_plural]
    assert plurals
    assert {len(entry.msgstr_plural) for entry in plurals} == {int(forms[1])}


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> set[Key]:
    """What `make messages` finds in the package."""
    if shutil.which("xgettext") is None:
        pytest.skip("No gettext: apt-get install gettext")
    copy = tmp_path_factory.mktemp("texts") / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("locale", "__pycache__"))
    (copy / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "en", "--no-wrap"]
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}  # out of reach there
    subprocess.run(command, cwd=copy, env=env, check=True, capture_output=True, timeout=60)
    return {key(entry) for entry in polib.pofile(str(copy / "locale" / "en" / "LC_MESSAGES" / "django.po"))}


@each_locale
def test_the_catalogue_is_in_step_with_the_texts(locale: str, extracted: set[Key]) -> None:
    assert {key(entry) for entry in read(locale)} == extracted


@each_locale
def test_what_is_shipped_was_compiled_from_the_catalogue(locale: str) -> None:
    path = folder(locale) / "django.mo"
    assert path.is_file()
    compiled = {key(entry): translations(entry) for entry in polib.mofile(str(path))}
    assert compiled == {key(entry): translations(entry) for entry in read(locale)}


def test_english_is_what_the_texts_are_written_in() -> None:
    for entry in read("en"):
        assert translations(entry) == ([entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid])


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "en"])
def test_django_finds_the_catalogue_by_the_code_of_its_language(locale: str) -> None:
    code = to_language(locale)
    assert code in dict(settings.LANGUAGES)
    with override(code):
        assert gettext("Confirm your account") != "Confirm your account"


def test_japanese_ends_the_sentence_with_its_own_full_stop() -> None:
    for entry in read("ja"):
        for translation in translations(entry):
            assert not re.search(r"\)s(</bdi>)?\.", translation), translation
