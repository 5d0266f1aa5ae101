"""The conversation of both roles: whole, byte by byte, paired with each other, and with garbage."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.wire.ctp01 import commands
from project88.wire.ctp01.authentication import response
from project88.wire.ctp01.events import (
    Acknowledged,
    Asked,
    AuthorizationAsked,
    DayTime,
    Ended,
    Greeted,
    Observation,
    Pinged,
    Refused,
    TooLong,
    Unreadable,
)
from project88.wire.ctp01.framing import LONGEST_LINE_BYTES, Framer
from project88.wire.ctp01.session import (
    CLIENT_TRANSITIONS,
    SERVER_TRANSITIONS,
    ClientSession,
    ServerSession,
    State,
)
from project88.wire.ctp01.settings import AUTHENTICATIONS, Settings, read_settings

GREETING = b"SimpleClient~2.00.04~CTP01\r\n"
READ = b"CT01_33~1~start~9478~14:02:15.31~0~0F2A38~1\r\n"
WANTED = Settings(
    stream_mode="push", guntimes=True, newlocations=True, connection_id=True, time_format="normal", pushmode_ack=True
)
SEEN = Observation(
    kind="read", sequence=7, location="finish", tag="12", time=DayTime(milliseconds=5_000), reader="0FA22E", gator=0,
    lap=4, raw="",
)  # fmt: skip


def server(authentication: str = "none", **settings) -> ServerSession:
    seed = "" if authentication == "none" else "d0c9"
    asked = Settings(authentication=authentication, authentication_seed=seed, **settings)
    return ServerSession("project88", "1.0", asked)


def talked(session, pieces) -> tuple[list[object], bytes]:
    events, sent = [], b""
    for piece in pieces:
        events += session.receive(piece)
        sent += session.outgoing()
    return events, sent


TRANSCRIPT = (
    GREETING,
    b"ping\r\n",
    b"ack~geteventinfo~Spring Run~8412~A run in spring\r\n",
    b"ack~getlocations~start~finish\r\n",
    b"ack~getconnectionid~c0ffee\r\n",
    b"err~getdata~push mode\r\n",
    b"err~~unknown command\r\n",
    READ,
    b"CT01_33~1~start\r\n",
    b"hello?\r\n",
    b"CT01_0C     1start                 12 06:08:32.02  10FA22E 4\0",
    b"CT01_08     2start                 12 06:08:32.02  10FA22E 4CT01_08     3start                 12 06:08:32.02  "
    b"10FA22E 4",
)


def test_a_transcript_gives_the_events_that_a_person_reads_in_it():
    events, sent = talked(server(stream_mode="push"), TRANSCRIPT)

    assert sent == b"project88~1.0~1\r\nstream-mode=push\r\nack~ping\r\n"
    assert events[:7] == [
        Greeted(program="SimpleClient", version="2.00.04"),
        Pinged(),
        Acknowledged(command="geteventinfo", fields=("Spring Run", "8412", "A run in spring")),
        Acknowledged(command="getlocations", fields=("start", "finish")),
        Acknowledged(command="getconnectionid", fields=("c0ffee",)),
        Refused(command="getdata", message="push mode"),
        Refused(command="", message="unknown command"),
    ]
    assert [type(event) for event in events[7:10]] == [Observation, Unreadable, Unreadable]
    assert [event.sequence for event in events[10:]] == [1, 2, 3]


@given(st.lists(st.integers(0, sum(map(len, TRANSCRIPT)))))
def test_how_the_bytes_are_cut_changes_nothing(cuts: list[int]):
    whole = b"".join(TRANSCRIPT)
    places = sorted({0, len(whole), *cuts})
    # An empty piece would be the end of the stream.
    pieces = [whole[begin:end] for begin, end in pairwise(places)]

    assert talked(server(), pieces) == talked(server(), [whole])


def test_byte_by_byte_is_the_same_as_whole():
    whole = b"".join(TRANSCRIPT)

    assert talked(server(), [bytes([byte]) for byte in whole]) == talked(server(), [whole])


def test_a_line_that_is_never_finished_is_not_forgotten():
    session = server()
    talked(session, [GREETING, READ[:20]])

    assert session.receive(b"") == [Ended(rest=READ[:20].decode())]
    assert (session.state, session.receive(READ)) == (State.closed, [])


def test_a_line_without_end_closes_and_loses_no_line_before_it():
    session = server()
    events, _ = talked(session, [GREETING + READ + b"x" * (LONGEST_LINE_BYTES + 1)])

    assert [type(event) for event in events] == [Greeted, Observation, TooLong]
    assert session.state is State.closed


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\0", b"\r\n\0"])
def test_every_end_of_a_line_ends_it(end: bytes):
    assert Framer().feed(READ.strip() + end + READ.strip() + end) == [READ.strip().decode()] * 2


def test_bytes_of_another_encoding_are_kept():
    assert Framer().feed(b"caf\xe9\r\ncaf\xc3\xa9\r\n") == ["café", "café"]


@pytest.mark.parametrize("kind", [kind for kind in AUTHENTICATIONS if kind != "none"])
@pytest.mark.parametrize(
    ("typed", "stored", "is_right"), [("right", "right", True), ("wrong", "right", False), ("right", None, False)]
)
def test_a_password_is_proved_or_the_conversation_ends(kind: str, typed: str, stored: str | None, is_right: bool):
    ours, theirs = server(kind), ClientSession("rig", "1")
    ours.receive(theirs.outgoing())
    theirs.receive(ours.outgoing())
    assert theirs.state is State.authorizing
    assert [type(event) for event in ours.receive(READ)] == [Unreadable], "no read counts before the password"
    theirs.authorize("controller", typed)
    (asked,) = ours.receive(theirs.outgoing())

    assert isinstance(asked, AuthorizationAsked)
    assert asked.user == "controller"
    assert typed not in repr(asked)
    assert ours.judge(asked, stored) is is_right
    (answer,) = theirs.receive(ours.outgoing())
    assert type(answer) is (Acknowledged if is_right else Refused)
    assert ours.state is theirs.state is (State.ready if is_right else State.closed)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("plaintext", "key"),
        # RFC 2202 and the common samples of the two digests: an independent witness.
        ("hmac-sha1", "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"),
        ("hmac-md5", "80070713463e7749b90c2dc24911e275"),
        ("seed-sha1", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
        ("seed-md5", "9e107d9d372bb6826bd81d3542a419d6"),
    ],
)
def test_the_digests_are_those_that_other_programs_make(kind: str, expected: str):
    sentence = "The quick brown fox jumps over the lazy dog"
    password, seed = ("key", sentence) if kind.startswith(("hmac", "plain")) else (sentence[20:], sentence[:20])

    assert response(kind, password, seed) == expected


def test_both_roles_understand_each_other():
    ours, theirs = ServerSession("project88", "1.0", WANTED), ClientSession("rig", "1")
    greeted = ours.receive(theirs.outgoing())
    said = theirs.receive(ours.outgoing())
    for command in (
        "geteventinfo", "getlocations", "getconnectionid", commands.start(), commands.start("finish", 8),
        commands.stop("finish"), commands.getdata(10, "finish", 3),
    ):  # fmt: skip
        ours.ask(command if command.endswith("\r\n") else commands.line(command))
    asked = theirs.receive(ours.outgoing())
    theirs.answer("start", "finish")
    theirs.refuse("stop", "not started")
    theirs.observe(SEEN)
    heard = ours.receive(theirs.outgoing())

    assert greeted == [Greeted(program="rig", version="1")]
    assert said == [Greeted(program="project88", version="1.0"), WANTED]
    assert asked == [
        Asked(command="geteventinfo"),
        Asked(command="getlocations"),
        Asked(command="getconnectionid"),
        Asked(command="start"),
        Asked(command="start", fields=("finish", "8")),
        Asked(command="stop", fields=("finish",)),
        Asked(command="getdata", fields=("10", "finish", "3")),
    ]
    assert heard[:2] == [
        Acknowledged(command="start", fields=("finish",)),
        Refused(command="stop", message="not started"),
    ]
    assert isinstance(heard[2], Observation)
    assert (heard[2].sequence, heard[2].tag, heard[2].lap) == (7, "12", 4)


def test_an_unknown_command_is_refused_and_the_conversation_goes_on():
    theirs = ClientSession("rig", "1")
    theirs.outgoing()
    theirs.receive(b"other~1~0\r\nfetch~1\r\nstart~a~1~x\r\nping\r\n")

    assert theirs.outgoing() == b"err~~unknown command\r\nerr~~unknown command\r\nack~ping\r\n"
    assert theirs.state is State.ready


@given(st.lists(st.binary(max_size=40) | st.sampled_from(TRANSCRIPT) | st.just(b"authorize~u~p\r\n"), max_size=12))
@pytest.mark.parametrize("kind", ["none", "hmac-sha1"])
def test_nothing_that_is_received_raises_and_no_line_vanishes(kind: str, pieces: list[bytes]):
    for session in (server(kind), ClientSession("rig", "1")):
        whole = b"".join(pieces)
        events = session.receive(whole) if whole else []
        session.outgoing()
        if session.state is not State.closed:
            events += session.receive(b"")
        assert type(events[-1]) in (Ended, TooLong)


def test_settings_are_read_as_they_were_written_and_others_left_alone():
    assert read_settings([*WANTED.lines(), "colour=red", "location=everywhere", "stop"]) == WANTED
    assert Settings().lines() == []


def test_nothing_is_asked_before_the_other_side_may_be_asked():
    with pytest.raises(ValueError, match="while greeting"):
        server().ask(commands.start())
    with pytest.raises(ValueError, match="while greeting"):
        ClientSession("rig", "1").authorize("a", "b")


@pytest.mark.parametrize("field", ["a~b", "a\r\nstop", "a\0"])
def test_a_field_cannot_become_another_command(field: str):
    with pytest.raises(ValueError, match="separates"):
        commands.start(field)


def test_every_state_can_be_reached_and_left():
    for transitions in (SERVER_TRANSITIONS, CLIENT_TRANSITIONS):
        reached = {State.greeting} | {state for after in transitions.values() for state in after.values()}
        assert reached == set(transitions)
        assert [state for state, after in transitions.items() if not after] == [State.closed]
