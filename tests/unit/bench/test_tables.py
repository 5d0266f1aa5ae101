"""The report of the benchmarks. Measures nothing."""

from __future__ import annotations

from pathlib import Path

from bench.tables import Section, Table, write


def section(name: str, figure: str) -> Section:
    return Section(
        name=name,
        title=f"About {name}",
        command="make bench",
        introduction="What was measured.",
        tables=[Table(title="Speed", columns=("way", "rows"), rows=[("ours", figure)])],
    )


def test_a_section_written_again_takes_the_place_of_the_old_one_and_leaves_the_others(tmp_path: Path) -> None:
    report = tmp_path / "reference" / "benchmarks.md"

    write(section("collect", "111"), report)
    write(section("web", "222"), report)
    write(section("collect", "333"), report)

    text = report.read_text(encoding="utf-8")
    assert "111" not in text
    assert text.count("## About collect") == 1
    assert text.index("| ours | 333 |") < text.index("| ours | 222 |")


def test_the_report_names_the_command_that_made_each_section(tmp_path: Path) -> None:
    report = tmp_path / "benchmarks.md"

    write(section("collect", "1"), report)

    assert "Made by `make bench`." in report.read_text(encoding="utf-8")
