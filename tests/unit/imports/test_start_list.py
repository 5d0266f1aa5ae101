"""Start lists: columns by many names or as mapped, rows that cannot be read, races by name, names and dates."""

from __future__ import annotations

import pytest

from project88.errors import UsageError
from project88.imports.columns import ENTRY_FIELDS, ColumnMap, Columns, columns_of, parsed_map
from project88.imports.races import Races
from project88.imports.start_list import StartList, read_start_list
from project88.imports.tables import Table, read_table
from project88.records.units import DateOrder

RACES = {"m1": "Marathon", "h1": "Half Marathon"}


def columns(table: Table, *maps: str, dates: DateOrder | None = None, saved: ColumnMap | None = None) -> Columns:
    return columns_of(table.columns, ENTRY_FIELDS, parsed_map(maps, (), dates), saved or ColumnMap())


def listed(data: bytes, known: dict[str, str], race: str | None = None, *maps: str, **said: DateOrder) -> StartList:
    table = read_table(data)
    return read_start_list(table, columns(table, *maps, **said), Races(known, race))


def test_columns_are_known_by_many_names_and_unknown_ones_are_told():
    data = (
        "Bib No,First Name,SURNAME,Sex,Age,Race Name,Shirt\n"
        "12,Ada,Östberg,female,31,half marathon,M\n"
        "\n"
        "13,Bo,,m,,Marathon,\n"
    )
    found = listed(data.encode("utf-8-sig"), RACES)

    ada, bo = found.participants
    assert (ada.bib, ada.first_name, ada.last_name, ada.gender, ada.age, ada.race_id) == (
        "12", "Ada", "Östberg", "F", 31, "h1")  # fmt: skip
    assert (bo.entry_id, bo.last_name, bo.age, bo.race_id) == ("bib 13", None, None, "m1")
    assert columns(read_table(data.encode())).ignored == ["Shirt"]
    assert found.problems == []


def test_a_spreadsheet_s_old_encoding_is_read():
    assert listed("bib,last name\n1,Müller\n".encode("cp1252"), {}).participants[0].last_name == "Müller"


def test_rows_that_cannot_be_read_are_problems_with_their_text():
    data = "bib,age,race,status\n1,old,Marathon,\n2,30,Relay,\n,30,Marathon,\n4,40,Marathon,DSQ\n4,41,Marathon,\n"
    found = listed(data.encode(), RACES)

    assert [each.bib for each in found.participants] == ["4"]
    assert found.participants[0].declared == "dq"
    reasons = [problem.reason for problem in found.problems]
    assert len(reasons) == 4
    assert "no race 'Relay'; it has Marathon, Half Marathon" in reasons[1]
    assert "neither a bib nor an entry id" in reasons[2]
    assert "'old'" in found.problems[0].reason
    assert '"bib":"1"' in found.problems[0].raw


def test_rows_that_name_no_race_get_the_one_that_was_named():
    assert listed(b"bib\n1\n", RACES, "m1").participants[0].race_id == "m1"
    assert listed(b"bib\n1\n", RACES).participants[0].race_id is None


def test_a_file_without_bibs_is_no_start_list():
    with pytest.raises(UsageError, match="no column bib"):
        listed(b"name\nAda\n", {})


def test_a_column_is_what_somebody_says_and_its_name_counts_no_more():
    found = listed(b"Bib,Chest,Runner\n9,12,Ada Berg\n", RACES, "m1", "Chest=bib", "Bib=")

    assert (found.participants[0].bib, found.participants[0].last_name) == ("12", "Berg")


def test_a_saved_mapping_counts_less_than_what_is_typed_and_need_not_fit_every_column():
    table = read_table(b"Nr,Chest,First\n9,12,Ada\n")
    saved = ColumnMap(columns={"Nr": "bib", "First": "first name", "Absent": "city"}, dates="day-first")
    plain = columns(table, saved=saved)
    typed = columns(table, "Chest=bib", saved=saved)

    assert (plain.fields, plain.ignored) == ({"Nr": "bib", "First": "first_name"}, ["Chest"])
    assert typed.fields == {"Chest": "bib", "First": "first_name"}
    assert typed.dates == "day-first"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Nr=bib", "no column 'Nr'; it has bib, Name"),
        ("Name=shoe size", "'shoe size' is no field; there are entry id, bib"),
        ("Name", "write the column and its field"),
        ("=bib", "write the column and its field"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused_with_what_there_is(typed: str, said: str):
    with pytest.raises(UsageError, match=said):
        columns(read_table(b"bib,Name\n1,Ada\n"), typed)


def test_two_columns_cannot_be_mapped_to_one_field():
    with pytest.raises(UsageError, match="two columns are mapped to bib"):
        columns(read_table(b"A,B\n1,2\n"), "A=bib", "B=bib")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ada Berg", "Ada", "Berg"),
        ("Berg, Ada", "Ada", "Berg"),
        ("Ada Maria Berg", "Ada Maria", "Berg"),
        ("Berg", None, "Berg"),
    ],
)
def test_a_whole_name_is_taken_apart(name: str, first: str | None, last: str):
    found = listed(f'bib;name\n1;"{name}"\n'.encode(), {}).participants[0]

    assert (found.first_name, found.last_name) == (first, last)


def test_a_date_that_may_be_two_days_is_read_only_where_its_order_is_said():
    data = b"bib,dob\n1,5/2/1990\n2,1990-02-05\n3,31/1/1990\n"
    unsaid, month, day = (listed(data, {}, dates=order) for order in ("iso", "month-first", "day-first"))

    assert [each.bib for each in unsaid.participants] == ["2"]
    assert "--dates month-first" in unsaid.problems[0].reason
    assert [str(each.date_of_birth) for each in month.participants] == ["1990-05-02", "1990-02-05"]
    assert [str(each.date_of_birth) for each in day.participants] == ["1990-02-05", "1990-02-05", "1990-01-31"]


def test_a_row_that_slipped_and_an_error_of_the_spreadsheet_are_problems():
    found = listed(b"bib,last name\n1,Berg,Jr\n2,#N/A\n3,Lund\n", {})

    assert [each.bib for each in found.participants] == ["3"]
    assert "1 cells more than there are columns: Jr" in found.problems[0].reason
    assert '"":["Jr"]' in found.problems[0].raw
    assert "last name is #N/A" in found.problems[1].reason


def test_a_race_whose_name_two_have_is_meant_by_its_id_alone():
    found = listed(b"bib,race\n1,Fun Run\n2,f2\n", {"f1": "Fun Run", "f2": "Fun run"})

    assert [(each.bib, each.race_id) for each in found.participants] == [("2", "f2")]


def test_where_files_alone_tell_of_races_a_new_name_is_a_race_once():
    races = Races({}, may_add=True)
    table = read_table(b"bib,race\n1,10 Km\n2,10 km\n3,Fun Run\n")
    found = read_start_list(table, columns(table), races)

    assert [each.race_id for each in found.participants] == ["10-km", "10-km", "fun-run"]
    assert {race_id: race.name for race_id, race in races.added.items()} == {"10-km": "10 Km", "fun-run": "Fun Run"}
