"""A POST of the code: our view against the best that one can write by hand, the common one, and one on pycognito.

    python -m bench.request [--rounds 200] [--latency 0 0.03] [--database sqlite]

All are views of one site behind the same middleware, called as a WSGI server calls them. A stranger gives a name that
the ledger does not know; the owner's browser has signed up, and its session says so. Both activate a local user.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.call import new_name
from bench.cognito import CODE, cognito
from bench.site import SQLITE, one_process_each, site
from bench.timing import HEAD, Contestant, interleave, line

TOKEN = "a" * 32
"""A CSRF cookie, which the form repeats."""

BY_HAND = "(a) by hand"
RIVALS = {BY_HAND: "/by-hand/", "(b) a client for each request": "/common/", "(c) pycognito": "/pycognito/"}


class Browser(NamedTuple):
    """Who posts: a name, and the cookie of a session if there is one."""

    username: str
    session_key: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 0.03], help="seconds until Cognito answers")
    parser.add_argument("--database", default=SQLITE)
    options = parser.parse_args()
    one_process_each("bench.request", "latency", options.latency, lambda latency: run(options, latency))


def run(options: argparse.Namespace, latency: float) -> None:
    with cognito(latency) as url, site(options.database, url):
        measure(options.rounds, f"Cognito takes {latency * 1000:.0f} ms")


def measure(rounds: int, title: str) -> None:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    def post(path: str, browser: Browser) -> None:
        environ = request(path, browser)
        status: list[str] = []
        response = application(environ, lambda line, headers: status.append(line))
        b"".join(response)
        response.close()
        assert status == ["302 Found"], (path, status)

    contestants = {
        name: Contestant(lambda browser, path=path: post(path, browser), lambda: (stranger(),))
        for name, path in RIVALS.items()
    }
    contestants["ours, a stranger"] = Contestant(lambda browser: post("/confirm/", browser), lambda: (stranger(),))
    contestants["ours, the owner"] = Contestant(lambda browser: post("/confirm/", browser), lambda: (owner(),))
    took = interleave(contestants, rounds)
    print(HEAD.replace(" " * len(title), title, 1))
    for name, seconds in took.items():
        print(line(name, seconds, took[BY_HAND]), flush=True)


def stranger() -> Browser:
    from django.contrib.auth.models import User

    return Browser(User.objects.create(username=new_name(), is_active=False).username)


def owner() -> Browser:
    """Return a browser that has just signed up."""
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    from django_cognito_confirm.pending import remember_sign_up

    name = new_name()
    user = User.objects.create(username=name, is_active=False)
    request: Any = SimpleNamespace(session=SessionStore())
    reply = {
        "UserConfirmed": False,
        "UserSub": f"sub-of-{name}",
        "CodeDeliveryDetails": {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"},
        "Session": "s" * 800,  # as long as Cognito's
    }
    remember_sign_up(request, reply, username=name, user=user)
    request.session.save()
    return Browser(name, request.session.session_key)


def request(path: str, browser: Browser) -> dict[str, Any]:
    """Return the environment of a POST as a WSGI server makes it."""
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "username": browser.username, "code": CODE}).encode()
    cookies = f"csrftoken={TOKEN}" + (f"; sessionid={browser.session_key}" if browser.session_key else "")
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_X_FORWARDED_FOR": address(browser.username),
        "HTTP_COOKIE": cookies,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
    }


def address(username: str) -> str:
    """Return an IPv4 address of a person's own."""
    number = int("".join(character for character in username if character.isdigit()))
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


if __name__ == "__main__":
    main()
