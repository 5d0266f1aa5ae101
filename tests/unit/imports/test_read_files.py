"""Files of reads in every layout: the same reads with the same identity as a stream gives, whatever tells the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from project88.imports.reads import FileContext, Place, locations_of, read_file
from project88.providers.chronotrack_tcp.reads import ReadContext, instant_of, timing_read
from project88.records.entities import TimingPartnerId
from project88.records.timing import TimingLocation, TimingRead
from project88.wire.ctp01.events import DayTime, Instant, Observation, WallTime
from project88.wire.ctp01.lines import write_line
from project88.wire.ctp01.times import TimeFormat

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 4, 21, 2, 0, tzinfo=UTC)
DAY = date(2026, 4, 20)
LOCAL = datetime(2026, 4, 20, 14, 2, 15, 310_000)  # noqa: DTZ001 - wall-clock
SEEN = Observation(
    kind="read",
    sequence=7,
    location="finish",
    tag="9478",
    time=WallTime(local=LOCAL),
    reader="0F2A38",
    gator=2,
    lap=1,
    raw="",
)
TIMES = {
    "iso": WallTime(local=LOCAL),
    "normal": DayTime(milliseconds=50_535_310),
    "msecs": DayTime(milliseconds=50_535_310),
    "unix": Instant(milliseconds=round(LOCAL.replace(tzinfo=NEW_YORK).timestamp() * 1000)),
}
FILE = FileContext(
    timing_partner_id=TimingPartnerId(1),
    places={},
    otherwise=Place(session_key="s", numbering=1, zone=NEW_YORK),
    day=DAY,
    order="lap_first",
    received_at=NOW,
)
STREAM = ReadContext(timing_partner_id=TimingPartnerId(1), session_key="s", zone=NEW_YORK, day=DAY, source="stream")


def reads_in(data: bytes) -> list[TimingRead]:
    found = read_file(data, FILE)
    assert found.unread == []
    return [record for record in found.records if isinstance(record, TimingRead)]


@pytest.mark.parametrize(
    "label", ["CT01_13", "CT01_23", "CT01_32", "CT01_45", "CT01_51", "CT01_0B", "CT01_0C", "CT01_68"]
)
def test_every_layout_gives_the_read_that_a_stream_gives(label: str):
    seen = [replace(SEEN, sequence=number, time=TIMES["normal"]) for number in (7, 8)]
    data = "".join(write_line(each, label, "normal", "lap_first") for each in seen).encode()

    streamed = [timing_read(replace(SEEN, sequence=number), 1, STREAM, NOW) for number in (7, 8)]
    from_file = reads_in(data)
    assert [(read.sequence_number, read.location, read.content_key) for read in from_file] == [
        (read.sequence_number, read.location, read.content_key) for read in streamed
    ]
    assert {(read.lap_count, read.gator_number, read.wall_time) for read in from_file} == {(1, 2, LOCAL)}


@pytest.mark.parametrize("form", list(TIMES))
def test_every_form_of_a_time_is_the_same_instant_and_the_same_read(form: TimeFormat):
    line = write_line(replace(SEEN, time=TIMES[form]), "CT01_13", form, "lap_first")

    [read] = reads_in(line.encode())
    assert instant_of(read, NEW_YORK) == LOCAL.replace(tzinfo=NEW_YORK)
    assert read.content_key == timing_read(SEEN, 1, STREAM, NOW).content_key
    assert read.day_is_assumed is False


def test_a_time_of_more_than_a_day_counts_from_the_midnight_before_its_first_day():
    late = DayTime(milliseconds=(24 + 1) * 3_600_000)
    line = write_line(replace(SEEN, time=late), "CT01_13", "normal", "lap_first")

    assert reads_in(line.encode())[0].wall_time == datetime(2026, 4, 21, 1)  # noqa: DTZ001 - wall-clock


@pytest.mark.parametrize(
    ("time_of_day", "received", "day"),
    [
        (timedelta(hours=10), datetime(2026, 4, 20, 15, tzinfo=UTC), 20),
        # Just before midnight, received just after it.
        (timedelta(hours=23, minutes=59), datetime(2026, 4, 21, 4, 1, tzinfo=UTC), 20),
        # A clock that is a little ahead, over midnight.
        (timedelta(seconds=5), datetime(2026, 4, 21, 3, 59, 58, tzinfo=UTC), 21),
        # A replay in the evening, and a clock in a zone that is three hours ahead.
        (timedelta(hours=8), datetime(2026, 4, 21, 1, tzinfo=UTC), 20),
        (timedelta(hours=13), datetime(2026, 4, 20, 14, tzinfo=UTC), 20),
        (timedelta(hours=25), datetime(2026, 4, 21, 5, tzinfo=UTC), 21),
    ],
)
def test_a_stream_s_time_of_day_is_of_the_day_on_which_it_came_and_says_so(
    time_of_day: timedelta, received: datetime, day: int
):
    seen = replace(SEEN, time=DayTime(milliseconds=round(time_of_day / timedelta(milliseconds=1))))
    read = timing_read(seen, 1, replace(STREAM, day=None), received)

    assert read.wall_time is not None
    assert (read.wall_time.day, read.day_is_assumed) == (day, True)


def test_new_locations_and_unreadable_lines_of_a_file_are_kept_too():
    data = b"CT01_13,1,30k,newlocation,14:02:15.31,0,ED932A,0\r\nhello\r\nCT01_13,1,30k,12,14:03:00.00,1,0FA22E,4"
    found = read_file(data, FILE)

    assert isinstance(found.records[0], TimingLocation)
    assert [line.raw_line for line in found.unread] == ["hello"]
    assert (found.reads, locations_of(data, "lap_first")) == (1, {"30k"})
