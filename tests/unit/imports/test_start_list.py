"""Start lists in CSV: columns by many names, rows that cannot be read, races by name."""

from __future__ import annotations

import pytest

from project88.errors import UsageError
from project88.imports.start_list import read_start_list

RACES = {"Marathon": "m1", "Half Marathon": "h1"}


def test_columns_are_known_by_many_names_and_unknown_ones_are_told():
    data = (
        "Bib No,First Name,SURNAME,Sex,Age,Race Name,Shirt\n"
        "12,Ada,Östberg,female,31,half marathon,M\n"
        "\n"
        "13,Bo,,m,,Marathon,\n"
    )
    found = read_start_list(data.encode("utf-8-sig"), RACES)

    ada, bo = found.participants
    assert (ada.bib, ada.first_name, ada.last_name, ada.gender, ada.age, ada.race_id) == (
        "12", "Ada", "Östberg", "F", 31, "h1")  # fmt: skip
    assert (bo.entry_id, bo.last_name, bo.age, bo.race_id) == ("bib 13", None, None, "m1")
    assert found.ignored == ["Shirt"]
    assert found.problems == []


def test_a_spreadsheet_s_old_encoding_is_read():
    assert read_start_list("bib,last name\n1,Müller\n".encode("cp1252"), {}).participants[0].last_name == "Müller"


def test_rows_that_cannot_be_read_are_problems_with_their_text():
    data = "bib,age,race,status\n1,old,Marathon,\n2,30,Relay,\n,30,Marathon,\n4,40,Marathon,DSQ\n4,41,Marathon,\n"
    found = read_start_list(data.encode(), RACES)

    assert [each.bib for each in found.participants] == ["4"]
    assert found.participants[0].declared == "dq"
    reasons = [problem.reason for problem in found.problems]
    assert len(reasons) == 4
    assert "no race 'Relay'; it has Marathon, Half Marathon" in reasons[1]
    assert "neither a bib nor an entry id" in reasons[2]
    assert "'old'" in found.problems[0].reason
    assert '"bib":"1"' in found.problems[0].raw


def test_rows_that_name_no_race_get_the_one_that_was_named():
    assert read_start_list(b"bib\n1\n", RACES, "m1").participants[0].race_id == "m1"
    assert read_start_list(b"bib\n1\n", RACES).participants[0].race_id is None


def test_a_file_without_bibs_is_no_start_list():
    with pytest.raises(UsageError, match="no column bib"):
        read_start_list(b"name\nAda\n", {})
