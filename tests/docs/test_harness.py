"""What runs the samples: it notices what is wrong with them, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.template import TemplateSyntaxError

from tests.docs.pages import blocks_of
from tests.docs.samples import Site

MODELS = """
```python
# accounts/models.py
from django.conf import settings
from django.db import models


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    sub = models.CharField(max_length=64)
```

Later:

```python
from accounts.models import Profile
from django.contrib.auth.models import User

profile = Profile.objects.create(user=User.objects.create(username="ada"), sub="1")
```

<!-- run
assert Profile.objects.get(sub="1").user.username == "ada"
-->
"""


@pytest.fixture
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages") / "page.md"


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("```python\nfrom django_cognito_confirm import nothing\n```", ImportError),
        ("```python\n{..., 1: 2}\n```", SyntaxError),
        ('```python\nCOGNITO_CONFIRM = {"LIMIT": {}}\n```', AssertionError),
        ("```python\nurlpatterns = [5]\n```", AssertionError),
        ("```django\n{% if x %}\n```", TemplateSyntaxError),
        ("```json\n{'a': 1}\n```", ValueError),
        ("```nginx\nserver {}\n```", AssertionError),
        ("```\nno language\n```", AssertionError),
        ("Text:\n\n    indented\n", AssertionError),
        ("<!-- not run: because -->\n```nginx\nserver {}\n```", AssertionError),
        ("<!-- not run: no sample follows this one -->\n", AssertionError),
        ("<!-- run\nassert False\n-->\n", AssertionError),
        ("1. In a list:\n\n   ```python\n   1 / 0\n   ```\n", ZeroDivisionError),
    ],
)
def test_what_is_wrong_is_noticed(site: Site, page: Path, sample: str, error: type[Exception]) -> None:
    page.write_text(sample)
    with pytest.raises(error):
        site.run(page)


def test_what_is_not_run_says_why(site: Site, page: Path) -> None:
    page.write_text("<!-- not run: there is no nginx here -->\n```nginx\nserver {}\n```\n")
    site.run(page)


def test_a_sample_that_fails_is_found_by_its_line(site: Site, page: Path) -> None:
    page.write_text("# Page\n\nText.\n\n```python\nx = 1\n1 / 0\n```\n")
    with pytest.raises(ZeroDivisionError) as raised:
        site.run(page)
    assert (str(raised.traceback[-1].path), raised.traceback[-1].lineno + 1) == (str(page), 7)


def test_a_sample_that_is_a_file_of_models_has_tables(site: Site, page: Path) -> None:
    page.write_text(MODELS)
    site.run(page)


def test_afterwards_its_tables_are_gone(site: Site, page: Path) -> None:
    page.write_text(MODELS)
    site.run(page)
    site.close()
    assert "accounts_profile" not in connection.introspection.table_names()
    assert "accounts" not in apps.all_models
    site.models.clear()


def test_what_a_sample_sets_is_in_force_from_the_next_one_on(site: Site, page: Path) -> None:
    page.write_text(
        '```python\nLOGIN_URL = "/somewhere/"\n```\n\n<!-- run\nfrom django.conf import settings\n\n'
        'assert settings.LOGIN_URL == "/somewhere/"\n-->\n'
    )
    site.run(page)
    assert [block.kind for block in blocks_of(page)] == ["python", "run"]
