from __future__ import annotations

import csv
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from io import BufferedReader, BytesIO, RawIOBase, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_cognito_confirm.bulk import FailureFile, Outcome, count_people, open_people_file, read_people
from django_cognito_confirm.bulk.people_file import CUT, LONGEST, escape, unescape
from django_cognito_confirm.inputs import clean_username

FORMULAS = ('=HYPERLINK("http://a.example","b")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '"=1', "' =1", "\uff1d1")


def read(content: bytes | str, column: str = "username") -> tuple[list[str], list[int]]:
    """Return the names in a file of this content, and the numbers of the lines without one."""
    raw = content.encode() if isinstance(content, str) else content
    unreadable: list[int] = []
    stream = TextIOWrapper(BytesIO(raw), encoding="utf-8-sig", errors="surrogateescape", newline="")
    return list(read_people(stream, column, on_unreadable=unreadable.append)), unreadable


def no_line(number: int) -> None:
    pytest.fail(f"line {number} could not be read")


def read_back(path: Path, column: str = "username") -> list[str]:
    with open_people_file(str(path)) as stream:
        return list(read_people(stream, column, on_unreadable=no_line))


def write(path: Path, usernames: Iterable[str], column: str = "username") -> Path:
    failures = FailureFile(str(path), column)
    for username in usernames:
        failures.write(Outcome(username, "user_not_found", "UserNotFoundException"))
    failures.close()
    return path


# --- reading ----------------------------------------------------------------------------------------------------------


def test_names_come_from_the_column_that_is_asked_for() -> None:
    assert read("id,login,mail\n1,ann,a@b.example\n2,bob,\n", "login") == (["ann", "bob"], [])


def test_spaces_around_a_name_and_around_a_columns_name_are_left_out() -> None:
    assert read("id, username \n1, ann \n") == (["ann"], [])


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert read(b"\xef\xbb\xbfusername\nann\n") == (["ann"], [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str) -> None:
    assert read(end.join(["username,x", "ann,1", "bob,2"])) == (["ann", "bob"], [])


def test_lines_with_nothing_in_them_are_skipped() -> None:
    assert read("\nusername,x\n\nann,1\n   \n,\n \t,  \nbob,2\n\n") == (["ann", "bob"], [])


def test_a_line_that_names_nobody_is_told_of() -> None:
    assert read("x,username\n1,ann\n2,\n3\n4,bob\n") == (["ann", "bob"], [3, 4])


def test_cells_of_other_columns_may_hold_line_breaks() -> None:
    assert read('username,address\nann,"1 Road\nTown, X"\nbob,\n') == (["ann", "bob"], [])


def test_a_name_may_hold_quotes_and_commas() -> None:
    assert read('username\n"a""b,c"\nd"e\n') == (['a"b,c', 'd"e'], [])


def test_what_is_not_utf_8_spoils_one_name_only() -> None:
    names, unreadable = read(b"username\nann\nb\xffb\ncarl\n")
    assert (names[0], names[2:], unreadable) == ("ann", ["carl"], [])
    with pytest.raises(ValueError, match="not a username"):
        clean_username(names[1])


def test_a_nul_byte_spoils_one_name_only() -> None:
    names, unreadable = read(b"username\nann\nb\x00b\ncarl\n")
    # Python 3.10 cannot read such a line; newer ones can.
    assert (names, unreadable) in ((["ann", "b\0b", "carl"], []), (["ann", "carl"], [3]))


@pytest.mark.parametrize("line", ['"b"b', '"bob" ,1', '"bob'])
def test_a_line_with_quotes_in_the_wrong_place_is_not_guessed_at(line: str) -> None:
    assert read(f"username,x\nann,1\n{line}\ncarl,2\ndora,3\n") == (["ann", "carl", "dora"], [3])


def test_a_quote_that_a_later_line_closes_takes_nobody_in() -> None:
    assert read('username\nann\n"bob\ncarl\n"\ndora\n') == (["ann", "carl", "dora"], [3, 5])


def test_a_quote_that_nothing_closes_takes_nobody_in_however_much_follows() -> None:
    people = [f"person{number}" for number in range(20_000)]
    assert read("\n".join(["username", '"', *people])) == (people, [2])


@pytest.mark.parametrize("size", [200_000, LONGEST, 3 * LONGEST])
def test_a_line_that_is_far_too_long_spoils_nobody_else(size: int) -> None:
    names, unreadable = read("username\nann\n" + "x" * size + "\nbob\n")
    assert (names, unreadable) == (["ann", "bob"], [3])


@pytest.mark.parametrize("size", [LONGEST, 3 * LONGEST])
def test_a_name_is_not_cut_out_of_a_line_that_is_too_long(size: int) -> None:
    assert read("x,username\n1,ann\n" + "," * (size - 3) + "bob\n2,carl\n") == (["ann", "carl"], [3])


def test_a_long_line_in_a_cell_that_is_not_closed_spoils_nobody_else() -> None:
    content = 'username,x\nann,"1\nbob,2\n' + "," * (2 * LONGEST) + "\ncarl,3\n"
    assert read(content) == (["bob", "carl"], [2, 4])


def test_a_record_of_endless_lines_is_given_up() -> None:
    cells = '"\n",' * LONGEST
    names, unreadable = read(f"username,x\n{cells}\nann,1\n")
    assert names[-1] == "ann"
    assert unreadable[0] == 2


def test_of_a_long_name_as_much_is_kept_as_shows_that_it_is_none() -> None:
    assert read("username\n" + "x" * 1000 + "\n") == (["x" * CUT], [])
    with pytest.raises(ValueError, match="too long"):
        clean_username("x" * CUT)


@pytest.mark.parametrize(
    ("content", "found"),
    [("", "none"), ("ann\nbob\n", "'ann'"), ("user;mail\n", "'user;mail'"), ("Username,mail\n", "'Username', 'mail'")],
)
def test_without_the_column_the_columns_that_are_there_are_named(content: str, found: str) -> None:
    with pytest.raises(ValueError, match=f"'username'; the columns found are: {found}\\."):
        read(content)


@pytest.mark.parametrize("header", ["username,username", '"username'])
def test_a_first_line_that_can_be_read_in_two_ways_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="one column 'username'"):
        read(f"{header}\nann,bob\n")


class Endless(RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def peak(count: int) -> int:
    """Return how many bytes were in use at most while a file of ``count`` people was read."""
    stream = TextIOWrapper(BufferedReader(Endless(made_up(count))), newline="")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_people(stream, "username", on_unreadable=no_line)) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def made_up(count: int) -> Iterator[bytes]:
    yield b"username\n"
    for number in range(count):
        yield b"person%d\n" % number


def test_a_hundred_times_as_many_people_take_no_more_memory() -> None:
    peak(100)  # whatever is made once
    assert peak(100_000) < peak(1000) + 50_000


@given(st.binary())
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_the_reading_fail(content: bytes) -> None:
    names, _ = read(b"username,x\n" + content)
    assert all(names)


# --- opening and counting ---------------------------------------------------------------------------------------------


def test_standard_input_is_read_as_bytes_and_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = TextIOWrapper(BytesIO(b"\xef\xbb\xbfusername\r\nJos\xc3\xa9\r\n"), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", stdin)
    with open_people_file("-") as stream:
        assert list(read_people(stream, "username", on_unreadable=no_line)) == ["José"]
    assert not stdin.buffer.closed


def test_text_in_the_place_of_standard_input_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("username\nann\n"))
    with open_people_file("-") as stream:
        assert list(read_people(stream, "username", on_unreadable=no_line)) == ["ann"]


@pytest.mark.parametrize(
    ("content", "count"), [("", 0), ("u", 0), ("u\n", 0), ("u\na", 1), ("u\na\n", 1), ("u\na\nb", 2)]
)
def test_the_lines_after_the_first_are_counted(tmp_path: Path, content: str, count: int) -> None:
    path = tmp_path / "people.csv"
    path.write_text(content)
    assert count_people(str(path)) == count


def test_what_can_be_read_only_once_is_not_counted() -> None:
    assert count_people("-") is None
    assert count_people("/dev/null") is None


# --- those who could not be confirmed ---------------------------------------------------------------------------------


def test_a_failure_is_written_with_its_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "failed.csv", ["ann"])
    assert path.read_text().splitlines() == [
        "username,outcome,explanation,code",
        "ann,user_not_found,not in the user pool,UserNotFoundException",
    ]


def test_a_failure_is_in_the_file_before_it_is_closed(tmp_path: Path) -> None:
    failures = FailureFile(str(tmp_path / "failed.csv"), "username")
    failures.write(Outcome("ann", "user_not_found"))
    assert "ann,user_not_found" in (tmp_path / "failed.csv").read_text()
    failures.close()


@pytest.mark.parametrize("name", FORMULAS)
def test_a_spreadsheet_runs_no_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "failed.csv", [name])
    with path.open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["username"] == f"'{name}"


def test_a_spreadsheet_that_separates_by_semicolons_runs_no_name(tmp_path: Path) -> None:
    path = write(tmp_path / "failed.csv", ["a;=1", "a\t=1"])
    for delimiter in ";\t":
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
        assert len(cells) == 3


@given(st.text())
@settings(deadline=None)
def test_an_escaped_name_is_no_formula_and_can_be_read_again(name: str) -> None:
    cell = escape(name)
    assert cell[:1] not in tuple("=+-@\t\r")
    assert unescape(cell) == name


@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=128)))
@settings(deadline=None)
def test_every_name_that_cognito_allows_comes_back(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = write(tmp_path_factory.mktemp("failed") / "failed.csv", names)
    assert read_back(path) == names


@pytest.mark.parametrize("name", ["'=1", "''=1", "'ann", "=1", "'", "a;b", '"', "\udcffann", "José"])
def test_a_name_with_marks_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    assert read_back(write(tmp_path / "failed.csv", [name], "mail"), "mail") == [name]


def test_an_apostrophe_in_anybody_elses_file_is_part_of_the_name() -> None:
    assert read("username,mail\n'=1,\n") == (["'=1"], [])
