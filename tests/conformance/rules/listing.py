"""ListUsers."""

from __future__ import annotations

from ..pools import SMALL, UserPool, new_email, new_name, refused
from .rule import SEARCH, api, rule, seen

LIST = api("ListUsers")
PAGING = seen("aws/aws-sdk-js", 3705)


@rule("People are found by `sub`", SEARCH)
def people_are_found_by_sub(pool: UserPool) -> None:
    ann, _bob = pool.sign_up(), pool.sign_up()

    assert pool.found(f'sub = "{ann.sub}"') == [ann.name]


@rule("People are found by an address that is not verified", SEARCH)
def people_are_found_by_address(pool: UserPool) -> None:
    ann, _bob = pool.sign_up(), pool.sign_up()

    assert pool.found(f'email = "{ann.email}"') == [ann.name]


@rule("People are found by how something begins", SEARCH)
def people_are_found_by_a_beginning(pool: UserPool) -> None:
    ann, _bob = pool.sign_up(), pool.sign_up()

    assert pool.found(f'email ^= "{ann.email[:-4]}"') == [ann.name]
    assert pool.found(f'email = "{ann.email[:-4]}"') == []


@rule("Blanks around the operator need not be", SEARCH)
def a_filter_needs_no_blanks(pool: UserPool) -> None:
    ann, _bob = pool.sign_up(), pool.sign_up()

    assert pool.found(f'username="{ann.name}"') == [ann.name]


@rule("Usernames are compared by case in a filter", SEARCH)
def a_filter_tells_the_case_of_names(pool: UserPool) -> None:
    ann = pool.sign_up()

    assert pool.found(f'username = "{ann.name}"') == [ann.name]
    assert pool.found(f'username = "{ann.name.upper()}"') == []


@rule("`cognito:user_status` is compared without case", SEARCH, SMALL)
def a_filter_takes_a_status_in_any_case(pool: UserPool) -> None:
    ann, bob = pool.sign_up(), pool.sign_up()
    pool.confirm_as_staff(bob.name)
    for status in ("UNCONFIRMED", "unconfirmed"):
        found = pool.found(f'cognito:user_status = "{status}"')
        assert ann.name in found
        assert bob.name not in found


@rule("`status` says who is enabled", SEARCH, SMALL)
def a_filter_says_who_is_enabled(pool: UserPool) -> None:
    ann = pool.sign_up()

    assert ann.name in pool.found('status = "Enabled"')
    assert pool.found('status = "Disabled"') == []


@rule("A quotation mark in a value is written with a backslash", SEARCH)
def a_quotation_mark_is_escaped(pool: UserPool) -> None:
    name = f'{new_name()}"x'
    ann = pool.sign_up(name, email=new_email())
    pool.sign_up()

    assert pool.found(f'username = "{ann.name}"'.replace('"x', '\\"x')) == [name]


@rule("A quotation mark that is not escaped ends the value, so the filter is refused", SEARCH)
def a_filter_cannot_go_on_after_its_value(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.listed('email = "a" or email ^= "b"')


@rule("What is no filter is refused", LIST)
def no_filter_is_refused(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.listed("everybody")


@rule("Nobody is found by a custom attribute", SEARCH)
def custom_attributes_are_not_searched(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.listed('custom:team = "red"')


@rule("A filter has 256 characters at most", LIST)
def a_filter_may_be_too_long(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.listed(f'email = "{"a" * 256}"')


@rule("Pages follow one another until there is no token, and nobody comes twice", LIST, SMALL)
def pages_follow_one_another(pool: UserPool) -> None:
    people = {pool.sign_up().name for _ in range(3)}
    page = pool.listed(Limit=2)
    listed = [page["Users"]]
    while token := page.get("PaginationToken"):
        page = pool.listed(Limit=2, PaginationToken=token)
        listed.append(page["Users"])
    names = [user["Username"] for users in listed for user in users]

    assert len(listed) > 1
    assert max(map(len, listed)) == 2
    assert people <= set(names)
    assert len(names) == len(set(names))


@rule("A page has 60 people at most", LIST)
def a_page_may_be_too_large(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.listed(Limit=61)


@rule("A token goes with its filter, and with no other", PAGING, SMALL)
def a_token_goes_with_its_filter(pool: UserPool) -> None:
    for _ in range(2):
        pool.sign_up()
    token = pool.listed('status = "Enabled"', Limit=1)["PaginationToken"]

    with refused("InvalidParameterException"):
        pool.listed('email ^= "a"', Limit=1, PaginationToken=token)


@rule("A token that was never given is refused", PAGING)
def a_made_up_token_is_refused(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.listed(PaginationToken="made-up")


@rule("AttributesToGet leaves the others out", LIST)
def a_listing_can_leave_attributes_out(pool: UserPool) -> None:
    ann = pool.sign_up()
    [found] = pool.listed(f'sub = "{ann.sub}"', AttributesToGet=["email"])["Users"]

    assert found["Attributes"] == [{"Name": "email", "Value": ann.email}]


@rule("AttributesToGet is refused where somebody has not all of them", LIST)
def a_listing_does_not_make_attributes_up(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("InvalidParameterException"):
        pool.listed(f'sub = "{ann.sub}"', AttributesToGet=["email", "family_name"])


@rule("A listing shows the same status and attributes as a look at one person", LIST)
def a_listing_shows_what_a_look_shows(pool: UserPool) -> None:
    ann = pool.confirmed()
    [listed] = pool.listed(f'sub = "{ann.sub}"')["Users"]

    assert {item["Name"]: item["Value"] for item in listed["Attributes"]} == pool.attributes(ann.name)
    assert (listed["UserStatus"], listed["Enabled"]) == ("CONFIRMED", True)


@rule("An unknown user pool has no listing", LIST)
def an_unknown_pool_has_no_listing(pool: UserPool) -> None:
    region = pool.pool_id.partition("_")[0]

    with refused("ResourceNotFoundException"):
        pool.cognito.list_users(UserPoolId=f"{region}_Nowhere11")
