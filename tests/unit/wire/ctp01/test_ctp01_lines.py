"""Lines of reads: the vendor's samples, every layout there and back, and rubbish."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.errors import BadValue
from project88.wire.ctp01.events import DayTime, Instant, Observation, ReadTime, WallTime
from project88.wire.ctp01.lines import layout, read_line, write_line
from project88.wire.ctp01.times import instant, read_time, write_time

TWO_PM = DayTime(milliseconds=((14 * 60 + 2) * 60 + 15) * 1000 + 310)
SIX_AM = DayTime(milliseconds=((6 * 60 + 8) * 60 + 32) * 1000 + 20)
EIGHT_AM = DayTime(milliseconds=((8 * 60 + 38) * 60 + 58) * 1000 + 970)
DAY = date(2008, 10, 16)


def wall(text: str) -> WallTime:
    return WallTime(local=datetime.fromisoformat(text))


def seen(raw: str, **facts) -> Observation:
    usual = {"kind": "read", "sequence": 1, "location": "start", "tag": "9478", "time": TWO_PM, "reader": "0F2A38",
             "gator": 0, "lap": 1}  # fmt: skip
    return Observation(**{**usual, **facts}, raw=raw)


@pytest.mark.parametrize(
    ("raw", "facts"),
    [
        ("CT01_33~1~start~9478~14:02:15.31~0~0F2A38~1", {}),
        (
            "CT01_33~1~start~9478~2008-10-16T14:02:15.31~0~0F2A38~1",
            {"time": wall("2008-10-16T14:02:15.310")},
        ),
        ("CT01_33~1~start~9478~43455310~0~0F2A38~1", {"time": DayTime(milliseconds=43_455_310)}),
        ("CT01_33~1~start~9478~1224165735.31~0~0F2A38~1", {"time": Instant(milliseconds=1_224_165_735_310)}),
        (
            "CT01_33~4~start~guntime~14:02:15.31~0~DF239A~0",
            {"kind": "guntime", "sequence": 4, "tag": "guntime", "reader": "DF239A", "lap": 0},
        ),
        (
            "CT01_33~2038~30k~newlocation~14:02:15.31~0~ED932A~0",
            {"kind": "newlocation", "sequence": 2038, "location": "30k", "tag": "newlocation", "reader": "ED932A",
             "lap": 0},
        ),
        (
            "CT01_33~2~finish~12~08:38:58.97~0~0FA22E~4",
            {"sequence": 2, "location": "finish", "tag": "12", "time": EIGHT_AM, "reader": "0FA22E", "lap": 4},
        ),
        # Labelled as separated by commas, separated by ~ all the same.
        ("CT01_13~1~start~9478~14:02:15.31~0~0F2A38~1", {}),
    ],
)  # fmt: skip
def test_each_sample_of_the_stream_has_the_right_fields(raw: str, facts: dict[str, object]):
    assert read_line(raw) == seen(raw, **facts)


@pytest.mark.parametrize(
    "raw",
    [
        "CT01_13,1,start,12,06:08:32.02,1,0FA22E,4",
        "CT01_0C     1start                 12 06:08:32.02  10FA22E 4",
    ],
)
def test_each_sample_of_a_file_has_the_lap_first(raw: str):
    found = read_line(raw, "lap_first")

    assert found == seen(raw, tag="12", time=SIX_AM, reader="0FA22E", lap=1, gator=4)


def test_a_race_over_midnight_goes_on_counting():
    found = read_time("102:12:32.37")

    assert found == DayTime(milliseconds=((102 * 60 + 12) * 60 + 32) * 1000 + 370)
    assert instant(found, UTC, DAY) == datetime(2008, 10, 20, 6, 12, 32, 370_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "zone", "expected"),
    [
        (TWO_PM, "America/New_York", datetime(2008, 10, 16, 18, 2, 15, 310_000, tzinfo=UTC)),
        (wall("2008-10-16T14:02:00"), "Asia/Kolkata", datetime(2008, 10, 16, 8, 32, tzinfo=UTC)),
        (
            Instant(milliseconds=1_224_165_735_310),
            "Asia/Kolkata",
            datetime(2008, 10, 16, 14, 2, 15, 310_000, tzinfo=UTC),
        ),
        # The clocks go back that night: the first of the two half past ones.
        (wall("2008-11-02T01:30:00"), "America/New_York", datetime(2008, 11, 2, 5, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_an_instant_only_with_a_zone_and_a_day(time: ReadTime, zone: str, expected: datetime):
    assert instant(time, ZoneInfo(zone), DAY) == expected


def test_a_time_beyond_the_calendar_is_no_instant():
    with pytest.raises(BadValue, match="calendar"):
        instant(wall("0001-01-01T00:00:00"), ZoneInfo("Asia/Tokyo"), DAY)


LAYOUTS = [f"CT01_{x}{y}" for x, y in product("0123456", "123456789ABCDEF") if y >= "8" or x not in "06"]
TIMES = {
    "normal": st.builds(DayTime, milliseconds=st.integers(0, 9999 * 3600 * 100 - 1).map(lambda n: n * 10)),
    "msecs": st.builds(DayTime, milliseconds=st.integers(0, 99_999_999)),
    "unix": st.builds(Instant, milliseconds=st.integers(10_000_000_000, 99_999_999_999).map(lambda n: n * 10)),
    "iso": st.builds(
        WallTime,
        local=st.datetimes(datetime.fromisoformat("1900-01-01")).map(
            lambda at: at.replace(microsecond=at.microsecond // 10_000 * 10_000)
        ),
    ),
}
WORDS = st.text("abcXYZ 0123456789-é", min_size=1).map(str.strip).filter(bool)


@pytest.mark.parametrize("form", TIMES)
@given(data=st.data())
def test_every_form_of_time_is_read_as_it_was_written(form: str, data):
    time = data.draw(TIMES[form])

    assert read_time(write_time(time, form)) == time


@given(
    label=st.sampled_from(LAYOUTS),
    sequence=st.integers(1, 999_999),
    location=WORDS.filter(lambda word: len(word) <= 16),
    tag=WORDS.filter(lambda word: len(word) <= 8),
    time=TIMES["msecs"],
    gator=st.integers(0, 99),
    lap=st.integers(0, 99),
    order=st.sampled_from(["gator_first", "lap_first"]),
)
def test_every_layout_is_read_as_it_was_written(label, sequence, location, tag, time, gator, lap, order):
    written = write_line(
        seen("", sequence=sequence, location=location, tag=tag, time=time, gator=gator, lap=lap), label, "msecs", order
    )
    end = layout(label).end
    raw = written[: len(written) - len(end)]

    assert written.endswith(end)
    assert len(raw) == layout(label).width or not layout(label).is_fixed
    assert read_line(raw, order) == seen(
        raw, sequence=sequence, location=location, tag=tag, time=time, gator=gator, lap=lap
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "does not begin with a line format"),
        ("CT01_30~1~start~1~14:02:15~0~0F2A38~1", "does not begin"),
        ("CT01_33~1~start~1~14:02:15~0~0F2A38", "7 fields"),
        ("CT01_33~1~start~1~14:02:15~0~0F2A38~1~2", "9 fields"),
        ("CT01_33~x~start~1~14:02:15~0~0F2A38~1", "sequence"),
        ("CT01_33~1~~1~14:02:15~0~0F2A38~1", "location is empty"),
        ("CT01_33~1~start~~14:02:15~0~0F2A38~1", "tag is empty"),
        (f"CT01_33~1~start~{'9' * 65}~14:02:15~0~0F2A38~1", "tag is too long"),
        ("CT01_33~1~start~1~noon~0~0F2A38~1", "no time"),
        ("CT01_33~1~start~1~14:62:15~0~0F2A38~1", "no time"),
        ("CT01_33~1~start~1~2008-13-16T14:02:15~0~0F2A38~1", "no time"),
        ("CT01_33 1 start", "neither separators nor"),
    ],
)
def test_a_line_that_is_no_read_says_why(raw: str, reason: str):
    with pytest.raises(BadValue, match=reason):
        read_line(raw)


def test_a_number_that_cannot_be_read_loses_no_read():
    found = read_line("CT01_33~1~start~9478~14:02:15.31~x~0F2A38~")

    assert (found.tag, found.gator, found.lap) == ("9478", None, None)


@given(st.text() | st.text().map("CT01_33~".__add__) | st.lists(st.text(max_size=8), max_size=9).map("~".join))
def test_no_text_makes_it_raise_anything_but_its_own_error(text: str):
    try:
        read_line(text)
    except BadValue as error:
        assert str(error)


@pytest.mark.parametrize("label", ["CT01_30", "CT01_03", "CT01_63", "CT01_73", "CT1_33", ""])
def test_a_label_that_separates_or_ends_nothing_is_none(label: str):
    with pytest.raises(BadValue):
        layout(label)


def test_what_a_layout_cannot_hold_is_not_written():
    with pytest.raises(ValueError, match="column"):
        write_line(seen("", tag="newlocation", kind="newlocation"), "CT01_0C")
    with pytest.raises(ValueError, match="separator"):
        write_line(seen("", location="a,b"), "CT01_13")
    with pytest.raises(ValueError, match="cannot be written as iso"):
        write_line(seen(""), "CT01_33", "iso")
