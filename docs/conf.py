"""How Sphinx builds the manual: ``make docs``. Nothing is fetched from the network."""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.conf import settings

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

# The reference is taken from the docstrings, and modules with models can only be imported in a site.
settings.configure(
    SECRET_KEY="only for the manual",  # noqa: S106 - of a site that serves nobody
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django_cognito_confirm",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django_cognito_confirm import __version__  # noqa: E402 - after the site is set up

project = "django-cognito-confirm"
author = "The django-cognito-confirm developers"
copyright = author  # noqa: A001 - Sphinx's name
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "repository"]
exclude_patterns = ["_build"]
nitpicky = True
# Django's and boto3's types have no pages here.
nitpick_ignore_regex = [
    ("py:class", r"django\..*|AbstractBaseUser|CognitoIdentityProviderClient|Http\w+|ModelAdmin|QuerySet")
]

autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
add_module_names = False
maximum_signature_line_length = 88

# Headings are linked to as on GitHub, where the same pages are read.
myst_heading_anchors = 3
myst_links_external_new_tab = False

smartquotes = False  # settings and commands are full of quotes

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"{project} {version}"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_copy_source = False
