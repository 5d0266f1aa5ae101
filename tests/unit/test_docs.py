"""The documentation agrees with the program: generated pages, links, commands, targets. Runs no command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from project88.cli.app import COMMANDS, load_command
from project88.providers.catalogue import CATALOGUE
from scripts.reference import api_page, cli_page, course_page, ctp01_page, providers_page

CHECKOUT = Path(__file__).resolve().parents[2]
REFERENCE = CHECKOUT / "docs" / "reference"
NAMED_PAGES = [
    CHECKOUT / name
    for name in ("README.md", "CONTRIBUTING.md", "database/README.md", "CHRONOTRACK_LIVE_INTEGRATION_SUMMARY.md")
]
PAGES = sorted([*NAMED_PAGES, *(CHECKOUT / "docs").rglob("*.md")])
PAGES_FROM_CODE = [
    ("api.md", api_page),
    ("cli.md", cli_page),
    ("course.md", course_page),
    ("ctp01.md", ctp01_page),
    ("providers.md", providers_page),
]
WRITTEN_BY_PROGRAMS = {"schema.md", "benchmarks.md", *(name for name, _ in PAGES_FROM_CODE)}
LINES_OF_A_PAGE = 150

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
#: Where a command may begin: a line, a pipe, a substitution, behind a variable of its own.
HUB_COMMAND = re.compile(
    r"(?:^|\$\(|[|&;]\s*|^\w+=\S+ )(?:\.venv/bin/)?project88 (?=[a-z-])([^|;&<>()\n]*)", re.MULTILINE
)
MAKE_COMMAND = re.compile(r"\bmake ([a-z]+)")
#: Hosts a page may name: the services themselves and the reader's own machine.
HOSTS = {
    "api.chronotrack.com",
    "api.runsignup.com",
    "api.hakuapp.com",
    "prod-auth.hakuapp.com",
    "raceroster.com",
    "results.raceroster.com",
    "127.0.0.1",
    "localhost",
}
ADDRESS = re.compile(r"\b(?:https?|postgres(?:ql)?)://([^/\s`'\")>:]*)")
PLACES_OF_ONE_MACHINE = re.compile(r"(?<![\w.])/(?:work|home|root|Users|farm|mnt)/")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))


class Line(NamedTuple):
    """A command of the hub as a page shows it. One in a sentence may leave out what is required."""

    text: str
    is_whole: bool


def shell_text(page: Path) -> str:
    """What a reader types, without comments; a line that goes on behind a backslash is one line."""
    blocks = "\n".join(body for language, body in FENCE.findall(page.read_text(encoding="utf-8")) if language == "sh")
    return re.sub(r"\s+#.*", "", blocks.replace("\\\n", " "))


def spans(page: Path) -> list[str]:
    return SPAN.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def hub_commands(page: Path) -> Iterator[Line]:
    yield from (Line(found, is_whole=True) for found in HUB_COMMAND.findall(_masked(shell_text(page))))
    for span in spans(page):
        yield from (Line(found, is_whole=False) for found in HUB_COMMAND.findall(_masked(span)))


def _masked(text: str) -> str:
    """Quoted text may hold any character; its content does not matter here, but it must stay one word."""
    text = re.sub(r"'[^'\n]*'", "{}", text)
    return re.sub(r'"(?!\$\()[^"\n]*"', "{}", text).replace('"', " ")


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words behind it."""
    name, *rest = words
    assert name in COMMANDS, f"project88 has no command {name}"
    command = load_command(name)
    if hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"project88 {name} has no command {rest[0]}"
        return command.commands[rest[0]], rest[1:]
    return command, rest


def check(line: Line) -> None:
    """Raises where the line names a command or an option that does not exist, or a whole line does not parse."""
    words = shlex.split(line.text)
    if not words or words[0] in {"--help", "--version"}:
        return
    command, rest = resolve(words)
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    unknown = {word.partition("=")[0] for word in rest if word.startswith("--")} - known
    assert not unknown, f"{line.text!r} has unknown options {unknown}"
    if line.is_whole and "--help" not in rest and not hasattr(command, "commands"):
        command.make_context(command.name, list(rest))


def targets() -> set[str]:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("name", "page"), PAGES_FROM_CODE)
def test_generated_pages_are_current_else_run_make_docs(name: str, page: Any) -> None:
    assert page.text() == (REFERENCE / name).read_text(encoding="utf-8")


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} names no heading"


@every_page
def test_every_command_line_names_commands_and_options_that_exist(page: Path) -> None:
    for line in hub_commands(page):
        check(line)


@every_page
def test_every_make_target_exists(page: Path) -> None:
    named = set(MAKE_COMMAND.findall("\n".join([shell_text(page), *spans(page)])))

    assert named <= targets()


@every_page
def test_no_page_names_a_made_up_host_or_a_place_of_one_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    strangers = {host for host in ADDRESS.findall(text) if host} - HOSTS
    assert not strangers, f"{strangers} are not in HOSTS of this file: add a host that is the service's own"
    assert not PLACES_OF_ONE_MACHINE.search(text)


@every_page
def test_a_page_written_by_hand_is_short(page: Path) -> None:
    if page.name not in WRITTEN_BY_PROGRAMS:
        assert len(page.read_text(encoding="utf-8").splitlines()) <= LINES_OF_A_PAGE


def test_every_page_is_reached_from_the_readme() -> None:
    reached = {CHECKOUT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target not in reached and target.exists():
                reached.add(target)
                waiting.append(target)

    missed = [str(page.relative_to(CHECKOUT)) for page in PAGES if page not in reached]
    assert not missed, f"link from README.md, or from a page that it leads to: {missed}"


def test_every_command_says_what_it_does_and_gives_an_example_that_parses() -> None:
    for name, command in cli_page.commands():
        if hasattr(command, "commands"):
            continue
        example = re.search(r"Example: (.*project88 .*)", command.help)
        assert example, f"project88 {name} has no example"
        for text in HUB_COMMAND.findall(_masked(example[1])):
            check(Line(text, is_whole=True))


def test_every_provider_has_a_mark_for_every_rule_and_a_reason_or_a_test_that_exists() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob("test_*.py"))
    rules = set(providers_page.rules())
    for key in CATALOGUE:
        marks = providers_page.marks(key)
        marked = {mark.rule for mark in marks}
        assert rules == marked, f"[providers.{key}] of providers.toml: none or unknown: {sorted(rules ^ marked)}"
        assert key in providers_page.SETTINGS
        for mark in marks:
            assert mark.state in {"done", "todo", "exempt"}
            assert mark.because.strip()
            if mark.state == "done":
                assert f"def {mark.because}(" in tests, f"{mark.because} is no test"


@pytest.mark.parametrize(
    "text", ["no-such", "db no-such", "db status --no-such", "results", "sync events", "backfill --limit-events many"]
)
def test_the_check_refuses_a_line_that_the_program_would_refuse(text: str) -> None:
    with pytest.raises(Exception):  # noqa: B017
        check(Line(text, is_whole=True))


@pytest.mark.parametrize("text", ["results", "sync events", "db", "up --rehearsal"])
def test_a_command_in_a_sentence_may_leave_out_what_is_required(text: str) -> None:
    check(Line(text, is_whole=False))
