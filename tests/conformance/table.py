"""Who keeps which rule, written down. Tests hold it to what they see, both ways, so no line of it can become false.

``python -m tests.conformance.table`` writes the tables of docs/emulators.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import groupby
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from .rules import RULES, Rule


class Verdict(Enum):
    """What a service does about a rule."""

    KEEPS = "yes"
    BREAKS = "no"
    LACKS = "-"  # it has not the operation


SANDBOX = "sandbox"
SERVICES = (SANDBOX, "MiniStack", "moto", "cognito-local")

VERDICTS: dict[str, str] = {
    "newcomers_are_unconfirmed": "yes yes yes yes",
    "the_reply_has_the_sub": "yes yes yes yes",
    "an_address_is_not_verified_at_once": "yes yes yes yes",
    "the_reply_masks_the_address": "yes no  no  no",
    "a_number_goes_before_an_address": "yes no  yes yes",
    "a_name_is_taken_once": "yes yes yes yes",
    "a_taken_name_is_not_hidden": "yes yes yes yes",
    "case_can_be_of_no_matter": "yes no  no  no",
    "case_can_matter": "yes yes yes yes",
    "a_password_may_be_too_short": "yes yes yes no",
    "nobody_verifies_themselves": "yes no  no  no",
    "an_unknown_attribute_is_refused": "yes no  no  no",
    "an_address_has_a_form": "yes no  no  no",
    "a_name_holds_no_blank": "yes no  no  no",
    "an_unknown_client_is_not_found": "yes yes yes yes",
    "the_sub_is_the_username": "yes yes yes yes",
    "a_name_is_an_address": "yes yes yes yes",
    "an_address_is_taken_once": "yes yes yes yes",
    "no_username_looks_like_an_alias": "yes no  no  no",
    "the_right_code_confirms": "yes yes yes yes",
    "the_right_code_verifies": "yes no  no  no",
    "the_right_code_verifies_one_of_two": "yes no  no  no",
    "a_wrong_code_confirms_nobody": "yes yes no  yes",
    "a_wrong_code_spoils_nothing": "yes yes no  yes",
    "nobody_is_confirmed_twice": "yes yes no  no",
    "the_code_of_the_confirmed_is_not_looked_at": "yes yes no  no",
    "somebody_unknown_is_not_found": "yes yes yes no",
    "somebody_unknown_has_a_wrong_code": "yes yes no  yes",
    "the_confirmed_are_not_hidden": "yes yes no  no",
    "fifteen_attempts_an_hour": "yes no  no  no",
    "a_code_holds_no_blank": "yes no  no  no",
    "a_code_may_be_too_long": "yes no  no  no",
    "client_metadata_is_taken": "yes yes yes yes",
    "an_address_is_good_at_once": "yes yes yes yes",
    "an_unverified_alias_finds_nobody": "yes yes yes no",
    "a_verified_alias_finds_its_owner": "yes no  no  no",
    "an_alias_stays_with_its_owner": "yes no  no  no",
    "a_wrong_code_does_not_tell_of_an_alias": "yes yes no  yes",
    "an_alias_can_be_taken_over": "yes no  no  no",
    "a_session_signs_in": "yes no  no  no",
    "not_every_client_is_given_a_session": "no  yes yes yes",
    "a_wrong_code_does_not_spoil_the_session": "yes no  no  no",
    "a_new_code_confirms": "yes yes -   -",
    "a_new_code_kills_the_old_one": "yes no  -   -",
    "the_reply_to_a_resend_masks_the_address": "yes yes -   -",
    "the_confirmed_get_no_code": "yes no  -   -",
    "nobody_unknown_gets_a_code": "yes yes -   -",
    "somebody_unknown_seems_to_get_a_code": "yes yes -   -",
    "five_new_codes_an_hour": "yes no  -   -",
    "a_code_needs_somewhere_to_go": "yes no  -   no",
    "signing_up_wants_the_hash": "yes yes no  no",
    "confirming_wants_the_hash": "yes yes no  no",
    "resending_wants_the_hash": "yes yes -   -",
    "the_hash_is_of_the_name": "yes yes no  no",
    "signing_in_wants_the_hash": "yes yes no  no",
    "staff_confirm_without_a_code": "yes yes yes yes",
    "staff_verify_no_address": "yes yes yes yes",
    "staff_confirm_nobody_twice": "yes no  no  yes",
    "staff_are_told_of_the_unknown": "yes yes yes no",
    "an_unknown_pool_is_not_found": "yes yes yes yes",
    "staff_see_a_person": "yes yes yes yes",
    "staff_can_verify_an_address": "yes yes no  no",
    "people_are_found_by_sub": "yes yes yes yes",
    "people_are_found_by_address": "yes yes yes yes",
    "people_are_found_by_a_beginning": "yes yes yes yes",
    "a_filter_needs_no_blanks": "yes yes yes no",
    "a_filter_tells_the_case_of_names": "yes yes yes yes",
    "a_filter_takes_a_status_in_any_case": "yes no  no  yes",
    "a_filter_says_who_is_enabled": "yes yes yes no",
    "a_quotation_mark_is_escaped": "yes no  no  no",
    "a_filter_cannot_go_on_after_its_value": "yes no  no  yes",
    "no_filter_is_refused": "yes no  yes yes",
    "custom_attributes_are_not_searched": "yes no  yes yes",
    "a_filter_may_be_too_long": "yes no  no  no",
    "pages_follow_one_another": "yes yes yes no",
    "a_page_may_be_too_large": "yes no  no  no",
    "a_token_goes_with_its_filter": "yes no  no  no",
    "a_made_up_token_is_refused": "yes no  no  no",
    "a_listing_can_leave_attributes_out": "yes no  yes no",
    "a_listing_does_not_make_attributes_up": "yes no  no  no",
    "a_listing_shows_what_a_look_shows": "yes yes yes yes",
    "an_unknown_pool_has_no_listing": "yes yes yes yes",
    "a_password_signs_in": "yes yes yes yes",
    "a_wrong_password_signs_nobody_in": "yes yes yes no",
    "the_unconfirmed_do_not_sign_in": "yes yes yes yes",
    "the_unknown_are_told_at_sign_in": "yes yes yes no",
    "the_unknown_have_a_wrong_password": "yes yes no  no",
    "a_verified_alias_signs_in": "yes no  no  no",
    "staff_sign_their_calls": "no  yes no  no",
}
"""In the order of ``SERVICES``."""

ALONE: dict[str, str] = {
    "the_reply_masks_the_address": "Amazon's own sample of a reply has `j****@e****`.",
    "case_can_be_of_no_matter": "`CaseSensitive` is false here: people are the same whichever capitals they type.",
    "nobody_verifies_themselves": "What Cognito has verified is Cognito's to write, and no app client's.",
    "an_unknown_attribute_is_refused": "A pool has the standard attributes, and those that were added as `custom:`.",
    "an_address_has_a_form": "`email` is a standard attribute, whose values have a form.",
    "a_name_holds_no_blank": "The API's pattern for `Username` leaves blanks out.",
    "no_username_looks_like_an_alias": "Where an address can be an alias, two people might answer to it.",
    "the_right_code_verifies": "The code is there to prove the address.",
    "the_right_code_verifies_one_of_two": "The code proves where it went, and nothing else.",
    "fifteen_attempts_an_hour": "15 requests of ConfirmSignUp a user and hour, not adjustable.",
    "a_code_holds_no_blank": "The API's pattern for `ConfirmationCode` leaves blanks out.",
    "a_code_may_be_too_long": "The API's limit for `ConfirmationCode`.",
    "a_verified_alias_finds_its_owner": "A verified alias stands for the username.",
    "an_alias_stays_with_its_owner": "AliasExistsException, unless ForceAliasCreation is true.",
    "an_alias_can_be_taken_over": "The new user can sign in by the alias, and the user before no longer.",
    "a_session_signs_in": "Signing in without a second code is what SignUp gives a Session for.",
    "not_every_client_is_given_a_session": "The sandbox gives every client one, so that sites meet it.",
    "a_wrong_code_does_not_spoil_the_session": "Amplify keeps the Session after a wrong code, and signs in with it.",
    "a_new_code_kills_the_old_one": "Amplify's tests on AWS find only the newest code good.",
    "the_confirmed_get_no_code": 'Cognito says "User is already confirmed." in another tab.',
    "five_new_codes_an_hour": "5 requests of ResendConfirmationCode a user and hour, not adjustable.",
    "a_code_needs_somewhere_to_go": "Codes go to the attributes that the pool verifies; this user has none of them.",
    "a_quotation_mark_is_escaped": "`\\` before the mark, as the API says of filters.",
    "a_filter_may_be_too_long": "The API's limit for `Filter`.",
    "a_page_may_be_too_large": "The API's limit for `Limit`.",
    "a_token_goes_with_its_filter": "A token is for a request with the same parameters.",
    "a_made_up_token_is_refused": "A token names a place in a listing; this one names none.",
    "a_listing_does_not_make_attributes_up": "An error, if not all users in the results have the attribute.",
    "a_verified_alias_signs_in": "People sign in by their username or by an alias that is verified.",
    "staff_sign_their_calls": "The sandbox knows no credentials. It answers this machine alone, never in production.",
}
"""Why the sandbox does what none of the others does, or does not what Cognito does."""


def verdict(rule: Rule, service: str) -> Verdict:
    """Return what a service is said to do about a rule."""
    return Verdict(VERDICTS[rule.name].split()[SERVICES.index(service)])


def stands_alone(rule: Rule) -> bool:
    """Return whether the sandbox differs from Cognito, or from all the others."""
    is_kept = [verdict(rule, service) is Verdict.KEEPS for service in SERVICES]
    return not is_kept[0] or not any(is_kept[1:])


@contextmanager
def as_said_of_the_sandbox(rule: Rule) -> Iterator[None]:
    """Expect that a rule holds in the sandbox, or that it does not, as the table says."""
    if verdict(rule, SANDBOX) is Verdict.KEEPS:
        yield
    else:
        with pytest.raises((AssertionError, ClientError)):
            yield


PAGE = Path(__file__).parents[2] / "docs/emulators.md"
_TABLES = re.compile(r"(<!-- tables -->\n).*?(<!-- end of tables -->)", re.DOTALL)


def page() -> str:
    """Return docs/emulators.md with its tables as they are to be."""
    return _TABLES.sub(lambda marks: f"{marks[1]}\n{_tables()}\n{marks[2]}", PAGE.read_text())


def _tables() -> str:
    parts = []
    for heading, rules in groupby(RULES.values(), _heading):
        lines = [f"| {rule.text} | {rule.source} | {' | '.join(VERDICTS[rule.name].split())} |" for rule in rules]
        parts.append(_table(f"### {heading}", ["Rule", "Source", *SERVICES], lines))
    lines = [f"| {rule.text} | {ALONE[rule.name]} | {rule.source} |" for rule in RULES.values() if stands_alone(rule)]
    parts.append(_table("## Where the sandbox stands alone", ["Rule", "Reason", "Source"], lines))
    links = {f"{rule.source}: {rule.source.url}" for rule in RULES.values()}
    return "\n".join([*parts, *sorted(links), ""])


def _table(heading: str, columns: list[str], lines: list[str]) -> str:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([heading, "", *head, *lines, ""])


def _heading(rule: Rule) -> str:
    """Return the first words of the docstring of the rule's module."""
    return (sys.modules[rule.case.__module__].__doc__ or "").partition(".")[0]


if __name__ == "__main__":
    PAGE.write_text(page())
