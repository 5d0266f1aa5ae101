"""Times, instants and numbers as services write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.errors import BadValue
from project88.records import units

HOUR_MS = 3_600_000
#: What a JSON document can hold in a scalar field. A JSON decoder gives no integer of more than 4,300 digits.
JSON_SCALARS = (
    st.none()
    | st.text(max_size=30)
    | st.from_regex(r"[-+0-9:._eE ]{0,20}", fullmatch=True)
    | st.integers(-(10**400), 10**400)
    | st.floats()
)
READERS: dict[str, Callable[..., object]] = {
    "text": units.text,
    "elapsed_ms": units.elapsed_ms,
    "instant": units.instant,
    "integer": units.integer,
    "place": units.place,
    "flag": units.flag,
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00:45:00.000", 45 * 60_000),
        ("00:17:06.350", 1_026_350),
        ("00:17:18", 1_038_000),
        ("0:19:51.1", 1_191_100),
        ("0:19:51.12", 1_191_120),
        ("0:19:51.0", 1_191_000),
        ("2:03:04", 2 * HOUR_MS + 184_000),
        ("12:34:56.789", 12 * HOUR_MS + 34 * 60_000 + 56_789),
        ("24:00:00", 24 * HOUR_MS),
        ("100:59:59.999", 101 * HOUR_MS - 1),
        ("03:27", 207_000),
        ("3:27.5", 207_500),
        ("75:00", 75 * 60_000),
        ("120:30", 120 * 60_000 + 30_000),
        ("1:2:3", HOUR_MS + 123_000),
        (" 00:17:18 ", 1_038_000),
        ("00:00:00", 0),
        ("00:00:00.9999", 999),
        ("1026.35", 1_026_350),
        ("1026", 1_026_000),
        ("0", 0),
        (1026, 1_026_000),
        (1026.35, 1_026_350),
        (0.001, 1),
    ],
)
def test_a_duration_is_read_from_every_way_it_is_written(value: str | float, expected: int) -> None:
    assert expected == units.elapsed_ms(value)


@pytest.mark.parametrize(
    "value",
    [
        "DNF", "00:61:00", "00:00:60", "1:00:60.5", "-00:00:01", "-5", -5, "1:2:3:4", "::", ":30", "1:", "00:17:18.",
        "00:17:18,350", "00:17:18 PM", "1_000", "nan", "inf", "-inf", "1e400", "0x10", "1000000", 10**9, 10**400,
        float("nan"), float("inf"), "²:03", "٠١:٠٢", "00:17\x00",
    ],
)  # fmt: skip
def test_a_duration_that_cannot_be_one_is_a_bad_value(value: str | float) -> None:
    with pytest.raises(BadValue):
        units.elapsed_ms(value)


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("value", [None, "", " ", "\t\n "])
def test_null_empty_and_blank_are_unknown_to_every_reader(name: str, value: str | None) -> None:
    assert READERS[name](value) is None
    assert units.calendar_date(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1398087120", datetime(2014, 4, 21, 13, 32, tzinfo=UTC)),
        ("1398087120.5", datetime(2014, 4, 21, 13, 32, 0, 500_000, tzinfo=UTC)),
        ("1398087120.123", datetime(2014, 4, 21, 13, 32, 0, 123_000, tzinfo=UTC)),
        ("1398087120.123456", datetime(2014, 4, 21, 13, 32, 0, 123_456, tzinfo=UTC)),
        (1398087120, datetime(2014, 4, 21, 13, 32, tzinfo=UTC)),
        (1398087120.25, datetime(2014, 4, 21, 13, 32, 0, 250_000, tzinfo=UTC)),
        ("0", None),
        ("0.000", None),
        (0, None),
    ],
)
def test_epoch_seconds_become_an_aware_instant(value: str | float, expected: datetime | None) -> None:
    assert expected == units.instant(value)


@pytest.mark.parametrize(
    "value", ["-1", "1398087120000", "2014-04-21", "13:32:00 PM", "nan", 10**30, 10**400, "1_398_087_120"]
)
def test_an_instant_in_another_unit_is_a_bad_value(value: str | int) -> None:
    with pytest.raises(BadValue):
        units.instant(value)


@pytest.mark.parametrize(("value", "expected"), [("1", 1), (1, 1), ("31984", 31984), ("7.0", 7), (" 12 ", 12)])
def test_a_place_counts_from_one(value: str | int, expected: int) -> None:
    assert expected == units.place(value)


@pytest.mark.parametrize("value", ["0", 0, 0.0, "0.0"])
def test_place_zero_is_unranked(value: str | float) -> None:
    assert units.place(value) is None


@pytest.mark.parametrize("value", ["-1", "1.5", "first", 2**31, "2147483648", 1.25, "1_0", 10**400])
def test_a_place_that_cannot_be_one_is_a_bad_value(value: str | float) -> None:
    with pytest.raises(BadValue):
        units.place(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", True),
        ("0", False),
        (1, True),
        (0, False),
        (True, True),
        (False, False),
        ("True", True),
        (" false ", False),
    ],
)
def test_a_flag_is_one_or_zero(value: str | int, expected: bool) -> None:
    assert expected is units.flag(value)


@pytest.mark.parametrize("value", ["yes", "2", 2, "-1", "10"])
def test_a_flag_that_is_neither_is_a_bad_value(value: str | int) -> None:
    with pytest.raises(BadValue):
        units.flag(value)


@pytest.mark.parametrize("value", ["a\x00b", "\x00", "\ud83d", "name \udc00", "\udfff\ud800"])
def test_text_that_no_database_holds_is_a_bad_value(value: str) -> None:
    with pytest.raises(BadValue, match="cannot be stored") as caught:
        units.text(value)
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" Zoë ", "Zoë"), (12, "12"), ("a\tb", "a b"), ("zero\u200bwidth", "zero\u200bwidth"), ("🏃", "🏃"), ("0", "0")],
)
def test_text_is_kept_but_for_spaces_around_it(value: str | int, expected: str) -> None:
    assert expected == units.text(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1980-02-29", date(1980, 2, 29)),
        (" 1980-02-29 ", date(1980, 2, 29)),
        ("1980-02-29 00:00:00", date(1980, 2, 29)),
        ("0000-00-00", None),
        (" 0000-00-00", None),
    ],
)
def test_a_date_is_read_with_and_without_a_time_of_day(value: str, expected: date | None) -> None:
    assert expected == units.calendar_date(value)


@pytest.mark.parametrize("value", ["1981-02-29", "29/02/1980", "1980", "\x00", "yesterday"])
def test_a_date_that_cannot_be_one_is_a_bad_value(value: str) -> None:
    with pytest.raises(BadValue):
        units.calendar_date(value)


def test_a_bad_value_quotes_no_more_than_a_line() -> None:
    with pytest.raises(BadValue) as caught:
        units.integer("9" * 100_000)

    assert len(str(caught.value)) < 120


@settings(max_examples=100)
@given(ms=st.integers(0, 200 * HOUR_MS - 1), decimals=st.integers(0, 3), hour_digits=st.integers(1, 3))
def test_a_written_duration_reads_back(ms: int, decimals: int, hour_digits: int) -> None:
    step = 10 ** (3 - decimals)
    kept = ms // step * step
    minutes, milliseconds = divmod(kept, 60_000)
    hours, minute = divmod(minutes, 60)
    fraction = f"{milliseconds % 1000:03d}"[:decimals]
    written = f"{hours:0{hour_digits}d}:{minute:02d}:{milliseconds // 1000:02d}" + (f".{fraction}" if decimals else "")

    assert kept == units.elapsed_ms(written)


@settings(max_examples=100)
@given(ms=st.integers(0, 10**9 - 1))
def test_a_duration_in_plain_seconds_reads_back(ms: int) -> None:
    assert ms == units.elapsed_ms(f"{ms // 1000}.{ms % 1000:03d}")
    assert ms == units.elapsed_ms(ms / 1000)


@settings(max_examples=100)
@given(microseconds=st.integers(1, units.LATEST_EPOCH_SECONDS * 1_000_000 - 10_000))
def test_an_instant_reads_back_to_the_millisecond(microseconds: int) -> None:
    written = f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)

    found = units.instant(written)

    assert found is not None
    assert found.tzinfo is UTC
    assert abs(found - expected) <= timedelta(microseconds=1)


@settings(max_examples=150)
@given(value=JSON_SCALARS, name=st.sampled_from(sorted(READERS)))
def test_no_reader_raises_anything_but_bad_value(value: object, name: str) -> None:
    try:
        READERS[name](value)
    except BadValue as error:
        assert str(error)


@settings(max_examples=100)
@given(value=st.text(max_size=20) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,4}", fullmatch=True))
def test_no_text_makes_a_date_raise_anything_but_bad_value(value: str) -> None:
    try:
        units.calendar_date(value)
    except BadValue as error:
        assert str(error)


@settings(max_examples=150)
@given(value=st.text(alphabet=st.characters(exclude_categories=[])))
def test_text_that_is_let_through_can_be_stored(value: str) -> None:
    try:
        found = units.text(value)
    except BadValue:
        return

    assert found is None or (found.encode() and "\x00" not in found)


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-08 07:30:00", datetime(2026, 3, 8, 11, 30, tzinfo=UTC)),
        ("2026-03-07T07:30:00", datetime(2026, 3, 7, 12, 30, tzinfo=UTC)),
        ("2026-03-07T07:30", datetime(2026, 3, 7, 12, 30, tzinfo=UTC)),
        ("2026-03-07T07:30:00.25", datetime(2026, 3, 7, 12, 30, 0, 250_000, tzinfo=UTC)),
        (" 2026-03-07 ", datetime(2026, 3, 7, 5, tzinfo=UTC)),
        ("2026-03-07T07:30:00Z", datetime(2026, 3, 7, 7, 30, tzinfo=UTC)),
        ("2026-03-07T07:30:00+02:00", datetime(2026, 3, 7, 5, 30, tzinfo=UTC)),
        ("2026-03-07 07:30:00-0500", datetime(2026, 3, 7, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_of_the_zone_that_is_given(value: str, expected: datetime) -> None:
    assert expected == units.iso_instant(value, NEW_YORK)


@pytest.mark.parametrize("value", ["2026-03-07 07:30:00", "2026-03-07T07:30:00", "2026-03-07"])
def test_without_any_zone_an_instant_is_unknown(value: str) -> None:
    assert units.iso_instant(value, None) is None


def test_a_date_that_carries_its_zone_needs_none() -> None:
    assert datetime(2026, 3, 7, 7, 30, tzinfo=UTC) == units.iso_instant("2026-03-07T07:30:00Z", None)


@pytest.mark.parametrize("value", [None, "", "  ", "0000-00-00", "0000-00-00 00:00:00"])
def test_no_date_is_unknown(value: str | None) -> None:
    assert units.iso_instant(value, NEW_YORK) is None


@pytest.mark.parametrize(
    "value",
    [
        "soon", "03/07/2026", "2026-13-01", "2026-02-30", "2026-03-07 25:00:00", "2026-03-07T07:30:00 Z", "20260307",
        "2026-W10-6", "1772868600", "2026-03-07Z", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-07T07:30:00+99:00", "٢٠٢٦-03-07",
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", [None, NEW_YORK])
def test_what_is_no_date_is_refused_whether_a_zone_is_known_or_not(value: str, zone: ZoneInfo | None) -> None:
    with pytest.raises(BadValue, match="not a date"):
        units.iso_instant(value, zone)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("6/6/2026 08:30", (2026, 6, 6, 8, 30, 0)),
        ("6/6/2026 8:30", (2026, 6, 6, 8, 30, 0)),
        (" 12/31/2025 23:59:58 ", (2025, 12, 31, 23, 59, 58)),
        ("02/29/2024 0:00", (2024, 2, 29, 0, 0, 0)),
    ],
)
def test_an_american_date_and_time_is_what_a_clock_shows(value: str, expected: tuple[int, ...]) -> None:
    found = units.wall_time(value)

    assert found is not None
    assert found.tzinfo is None
    assert expected == found.timetuple()[:6]


@pytest.mark.parametrize("value", [None, "", " ", "0/0/0000 0:00", "00/00/0000 00:00"])
def test_an_empty_date_and_time_is_unknown(value: str | None) -> None:
    assert units.wall_time(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "6/6/2026", "31/12/2025 10:00", "2/29/2025 10:00", "6/6/26 10:00", "2026-06-06 10:00", "6/6/2026 24:00",
        "6/6/2026 10:60", "6/6/2026 10:00 PM", "6/6/1969 10:00", "6/6/2200 10:00", "soon", "٦/6/2026 10:00",
        "1780747200",
    ],
)  # fmt: skip
def test_a_date_and_time_that_cannot_be_one_is_a_bad_value(value: str) -> None:
    with pytest.raises(BadValue, match="not a date and time"):
        units.wall_time(value)


def test_what_a_clock_shows_is_an_instant_once_its_zone_is_known() -> None:
    wall = units.wall_time("6/6/2026 8:30")

    assert units.in_zone(wall, units.time_zone("America/Chicago")) == datetime(2026, 6, 6, 13, 30, tzinfo=UTC)
    assert units.in_zone(wall, units.time_zone(None)) is None
    assert units.in_zone(None, units.time_zone("UTC")) is None


def test_of_an_hour_that_comes_twice_it_is_the_first_one() -> None:
    wall = units.wall_time("11/1/2026 1:30")

    assert units.in_zone(wall, units.time_zone("America/New_York")) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "../etc/passwd", "/etc/localtime", "America", "", "a\x00b", "x" * 5000]
)
def test_a_zone_that_nobody_knows_is_a_bad_value(name: str) -> None:
    with pytest.raises(BadValue, match="not a time zone"):
        units.time_zone(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5K", (5, "kilometers")), ("10 km", (10, "kilometers")), ("3.1 Miles", (3.1, "miles")),
        ("1 mile", (1, "miles")), ("26.2 mi", (26.2, "miles")), ("400m", (400, "meters")),
        ("100 Yards", (100, "yards")), (" 1500 Meters ", (1500, "meters")),
    ],
)  # fmt: skip
def test_a_distance_is_read_where_the_text_is_clear(value: str, expected: tuple[float, str]) -> None:
    assert expected == units.distance(value)


@pytest.mark.parametrize(
    "value",
    [
        None, "", "Half Marathon", "5K/10K", "5K Run", "400M", "26.2", "1,500m", "-5K", "five miles", "5 laps", "²K",
        "1e3 m", "12345678 m", "5K\n10K",
    ],
)  # fmt: skip
def test_a_distance_that_is_not_clear_is_unknown(value: str | None) -> None:
    assert units.distance(value) is None
