"""The pure parts of the service: time strings, the limiter, logins, faults and what they do to rows."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from project88.cli import sandbox as cli
from project88.errors import UsageError
from project88.sandbox.clock import SandboxClock, SteppingClock, instant
from project88.sandbox.entities import TimeStyle
from project88.sandbox.faults import Fault, FaultBook, read_faults
from project88.sandbox.limiter import Calls, Limiter, without_secrets
from project88.sandbox.live.auth import Gatekeeper
from project88.sandbox.live.render import epoch_text
from project88.sandbox.live.settings import Account
from project88.sandbox.service.fault_effects import alter, reshape, show_blanks
from project88.sandbox.service.listings import Chain, Listing, Rendered
from project88.sandbox.service.replies import Refused
from project88.sandbox.service.rows import clock_text
from project88.sandbox.worlds.people import MEN, WOMEN, People

ACCOUNT = Account(login="a@example.org", password="pw", client_id="c", client_secret="s")


def basic(first: str, second: str) -> str:
    return "Basic " + base64.b64encode(f"{first}:{second}".encode()).decode()


def numbers(count: int) -> Listing:
    return Rendered(range(count), lambda number: {"entry_id": str(number)})


def ids(listing: Listing, start: int = 0, stop: int = 1000) -> list[object]:
    return [row["entry_id"] for row in listing.rows(start, stop)]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (TimeStyle(), "01:02:03.045"),
        (TimeStyle(hour_digits=1, decimals=1), "1:02:03.0"),
        (TimeStyle(hour_digits=1, decimals=2), "1:02:03.04"),
        (TimeStyle(decimals=0), "01:02:03"),
    ],
)
def test_a_duration_is_printed_in_the_style_of_its_event(style: TimeStyle, text: str) -> None:
    assert clock_text(3_723_045, style) == text


def test_an_instant_is_printed_as_epoch_seconds_with_a_fraction() -> None:
    assert epoch_text(1_398_089_520_005) == "1398089520.005"


def test_the_simulated_time_is_real_time_by_speed_plus_offset() -> None:
    assert SandboxClock(60.0, 7.0, lambda: 2_000).now_seconds() == 127.0


def test_a_stepping_clock_moves_only_by_hand() -> None:
    clock = SteppingClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(90)

    assert instant(clock) == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_people_are_the_same_for_the_same_seed_and_of_the_asked_sex() -> None:
    names = [People(3).name("F"), People(3).name("M")]

    assert names == [People(3).name("F"), People(3).name("M")]
    assert names[0][0] in WOMEN
    assert names[1][0] in MEN
    assert not set(WOMEN) & set(MEN)


def test_the_limiter_admits_n_calls_in_any_rolling_window_and_says_how_long_to_wait() -> None:
    limiter = Limiter(2, 60)

    assert [limiter.wait_seconds("a", now) for now in (0, 10, 20, 59.5)] == [None, None, 40, 0.5]
    assert limiter.wait_seconds("b", 20) is None
    assert [limiter.wait_seconds("a", now) for now in (60, 61, 70)] == [None, 9, None]


def test_the_highest_window_counts_each_login_on_its_own() -> None:
    calls = Calls(60)
    for login, now in (("a", 0), ("a", 30), ("b", 31), ("a", 60), ("a", 61)):
        calls.came(login, now)

    assert calls.highest_window == 3
    assert calls.by_login == {"a": 4, "b": 1}


def test_simple_authentication_takes_the_sha1_of_the_password_only() -> None:
    gate = Gatekeeper([ACCOUNT], accept_sha256=False, token_seconds=60)
    query = {"client_id": "c", "user_id": "a@example.org"}
    sha1 = hashlib.sha1(b"pw").hexdigest()

    assert gate.account("", {**query, "user_pass": sha1}, 0) == ACCOUNT
    for wrong in ("", "pw", sha1.upper(), hashlib.sha256(b"pw").hexdigest(), hashlib.sha1(sha1.encode()).hexdigest()):
        with pytest.raises(Refused) as refused:
            gate.account("", {**query, "user_pass": wrong}, 0)
        assert refused.value.status == 401


def test_the_sha256_digest_is_accepted_where_the_switch_says_so() -> None:
    gate = Gatekeeper([ACCOUNT], accept_sha256=True, token_seconds=60)
    digest = hashlib.sha256(b"pw").hexdigest()

    login = {"user_id": "a@example.org", "user_pass": digest}

    assert gate.account("", {"client_id": "c", **login}, 0) == ACCOUNT
    assert gate.account("", login, 0) == ACCOUNT, "the deployment page's login has no client id"
    with pytest.raises(Refused):
        gate.account("", {"client_id": "other", **login}, 0)


def test_basic_authentication_takes_the_plain_password() -> None:
    gate = Gatekeeper([ACCOUNT], accept_sha256=False, token_seconds=60)

    assert gate.account(basic("a@example.org", "pw"), {"client_id": "c"}, 0) == ACCOUNT
    for wrong in (basic("a@example.org", "no"), "Basic a@example.org:pw", "Basic !"):
        with pytest.raises(Refused):
            gate.account(wrong, {"client_id": "c"}, 0)


@pytest.mark.parametrize(("client_id", "status"), [("", 400), ("other", 401)])
def test_the_client_id_must_be_there_and_be_the_logins_own(client_id: str, status: int) -> None:
    gate = Gatekeeper([ACCOUNT], accept_sha256=False, token_seconds=60)
    with pytest.raises(Refused) as refused:
        gate.account(basic("a@example.org", "pw"), {"client_id": client_id}, 0)

    assert refused.value.status == status


def test_a_token_works_until_it_expires() -> None:
    gate = Gatekeeper([ACCOUNT], accept_sha256=False, token_seconds=60)
    wish = {"grant_type": "password", "username": "a@example.org", "password": "pw"}
    token = gate.token(basic("c", "s"), wish, 0)

    assert token["expires_in"] == 60
    bearer = f"Bearer {token['access_token']}"
    assert gate.account(bearer, {"client_id": "c"}, 59.9) == ACCOUNT
    with pytest.raises(Refused):
        gate.account(bearer, {"client_id": "c"}, 60)


@pytest.mark.parametrize(
    ("authorization", "changed"),
    [(basic("c", "no"), {}), ("", {}), (basic("c", "s"), {"password": "no"}), (basic("c", "s"), {"grant_type": "x"})],
)
def test_no_token_is_given_when_anything_is_wrong(authorization: str, changed: dict[str, str]) -> None:
    gate = Gatekeeper([ACCOUNT], accept_sha256=False, token_seconds=60)
    wish = {"grant_type": "password", "username": "a@example.org", "password": "pw", **changed}
    with pytest.raises(Refused):
        gate.token(authorization, wish, 0)


def test_a_fault_strikes_only_its_paths_and_page_after_the_skipped_calls_and_so_many_times() -> None:
    book = FaultBook([Fault(kind="status", path_glob="/api/event/*/results", page=2, skip=1, times=2)])
    asked = [("/api/event/1/results", 2)] * 4 + [("/api/event/1/entry", 2), ("/api/event/1/results", 1)]

    assert [len(book.strike(*call).of("status")) for call in asked] == [0, 1, 1, 0, 0, 0]
    assert [fired for _, fired in book.fired()] == [2]


def test_a_fault_without_a_glob_is_for_the_paths_of_the_books_api() -> None:
    book = FaultBook([Fault(kind="loop"), Fault(kind="cut", path_glob="/token")], api_glob="/rest/*")

    assert [len(book.strike(path, 1).of("loop", "cut")) for path in ("/rest/races", "/token", "/api/event")] == [
        1,
        1,
        0,
    ]


def test_calls_at_once_are_counted_from_first_to_last_byte() -> None:
    calls = Calls(60)
    with calls.under_way() as first, calls.under_way() as second:
        assert (first, second) == (1, 2)
    with calls.under_way() as third:
        assert third == 1

    assert (calls.at_once, calls.highest_at_once) == (0, 2)


def test_the_log_of_calls_has_no_secret_whatever_its_case() -> None:
    query = {"API_SECRET": "a", "api_key": "b", "rsu_api_reg": "c", "user_pass": "d", "page": "2"}

    assert without_secrets(query) == {"page": "2"}


def test_repeated_rows_come_twice_in_their_place() -> None:
    book = FaultBook([Fault(kind="repeat", entry_ids=frozenset({"1"}))])

    assert ids(reshape(numbers(3), book.strike("/api/event", 1))) == ["0", "1", "1", "2"]


def test_a_value_within_a_part_of_a_row_can_be_spoilt_and_none_is_added() -> None:
    rows: list[dict[str, object]] = [{"user": {"dob": "1990-02-01", "name": "A"}}]
    fault = Fault(kind="bad_row", fields=("user.dob", "user.shoe", "bib"), text="?")

    assert alter(rows, FaultBook([fault]).strike("/api/x", 1)) == [{"user": {"dob": "?", "name": "A"}}]


def test_faults_are_read_one_by_one_or_as_a_list_and_unknown_words_are_refused() -> None:
    assert read_faults(b'{"kind":"loop"}') == [Fault(kind="loop")]
    assert read_faults(b'[{"kind":"totals","rows":-3},{"kind":"cut"}]')[0].rows == -3
    for wrong in (b'{"kind":"nonsense"}', b'{"kind":"cut","often":true}', b"["):
        with pytest.raises(msgspec.DecodeError):
            read_faults(wrong)


def test_a_chain_cuts_pages_across_its_parts() -> None:
    chain = Chain([numbers(3), numbers(0), numbers(4)])

    assert len(chain) == 7
    assert ids(chain, 2, 5) == ["2", "0", "1"]
    assert ids(chain, 6, 99) == ["3"]
    assert ids(chain, 7, 99) == []


def test_vanishing_rows_are_those_named_or_a_share_of_all() -> None:
    named = FaultBook([Fault(kind="vanish", entry_ids=frozenset({"1", "3"}))])
    share = FaultBook([Fault(kind="vanish", share=0.25)])

    assert ids(reshape(numbers(5), named.strike("/api/event", 1))) == ["0", "2", "4"]
    left = ids(reshape(numbers(1000), share.strike("/api/event", 1)))
    assert 650 < len(left) < 850
    assert left == ids(reshape(numbers(1000), share.strike("/api/event", 1)))


def test_a_growing_list_shows_more_rows_with_every_call() -> None:
    book = FaultBook([Fault(kind="grow", hidden=3, rows=2)])

    assert [len(reshape(numbers(10), book.strike("/api/event", 1))) for _ in range(3)] == [7, 9, 10]


def test_a_moving_list_repeats_rows_and_loses_others_across_its_pages() -> None:
    book = FaultBook([Fault(kind="reorder", rows=1)])
    pages = [ids(reshape(numbers(6), book.strike("/api/event", page)), 2 * page, 2 * page + 2) for page in range(3)]

    assert pages == [["0", "1"], ["1", "2"], ["2", "3"]]


def test_row_faults_change_only_what_they_name() -> None:
    rows: list[dict[str, object]] = [{"results_time": "00:01:00", "results_rank": "7", "team": ""}]

    def after(fault: Fault) -> dict[str, object]:
        return alter(rows, FaultBook([fault]).strike("/api/x", 1))[0]

    assert after(Fault(kind="numeric")) == {"results_time": "00:01:00", "results_rank": 7, "team": ""}
    assert after(Fault(kind="bad_row", text="?"))["results_time"] == "?"
    assert after(Fault(kind="bad_row", entry_ids=frozenset({"9"}))) == rows[0]
    assert after(Fault(kind="blank", fields=("results_rank",))) == {
        "results_time": "00:01:00",
        "results_rank": None,
        "team": None,
    }
    assert show_blanks(rows, "missing") == [{"results_time": "00:01:00", "results_rank": "7"}]


def test_the_commands_defaults_are_the_login_of_the_default_account() -> None:
    typed = Account(
        login=cli.DEFAULT_LOGIN,
        password=cli.DEFAULT_PASSWORD,
        client_id=cli.DEFAULT_CLIENT_ID,
        client_secret=cli.DEFAULT_CLIENT_SECRET,
    )

    assert typed == Account()


@pytest.mark.parametrize("start", ["tomorrow", "2026-04-20T13:17:00"])
def test_a_start_that_is_no_instant_is_refused_with_an_example(start: str) -> None:
    with pytest.raises(UsageError, match="2026-04-20T13:17:00Z"):
        cli.live(start=start)


def test_a_faults_file_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "faults.json"
    broken.write_text('{"kind":"nonsense"}')
    with pytest.raises(UsageError, match=r"faults\.json"):
        cli.live(faults=broken, field=10, season=0)
