"""The scripts that the deployment page names: thin, alike, and runnable by the system's Python from any directory."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub_command import CHECKOUT

LINES_AT_MOST = 20
#: Each door and the names of its package's module that it may hand over to.
DOORS = {
    "providers/chronotrack_live_adapter.py": "adapter",
    "schedulers/chronotrack_live_scheduler.py": "scheduler",
    "backfill/chronotrack_live_backfill.py": "backfill",
    "test_chronotrack_live_integration.py": "verification",
    "monitor_chronotrack_live.py": "monitor",
}
BRANCHES = (ast.If, ast.For, ast.While, ast.Try, ast.Match, ast.IfExp, ast.BoolOp, ast.FunctionDef, ast.ClassDef)
OPERATOR = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))}

each_door = pytest.mark.parametrize("door", DOORS)


def tree(door: str) -> ast.Module:
    return ast.parse((CHECKOUT / door).read_text(encoding="utf-8"))


def system_python() -> str:
    """What ``python3`` means on the machine, outside of the project's environment."""
    places = [place for place in os.environ["PATH"].split(":") if not Path(place).is_relative_to(sys.prefix)]
    found = shutil.which("python3", path=":".join(places))
    assert found is not None
    return found


def run(script: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [system_python(), str(script), *arguments]
    return subprocess.run(command, cwd=folder, env=OPERATOR, capture_output=True, text=True, timeout=60, check=False)


@each_door
def test_it_is_short_and_holds_no_branch_but_the_guard(door: str):
    assert len((CHECKOUT / door).read_text(encoding="utf-8").splitlines()) <= LINES_AT_MOST
    branches = [node for node in ast.walk(tree(door)) if isinstance(node, BRANCHES)]
    assert len(branches) == 1
    assert ast.unparse(branches[0]).startswith("if __name__ == '__main__':")


@each_door
def test_it_hands_over_to_its_function_and_says_where_the_program_is(door: str):
    imported = [node for node in ast.walk(tree(door)) if isinstance(node, ast.ImportFrom)]
    handed_over = [alias.name for node in imported if node.module == "project88.doors" for alias in node.names]
    home = next(word for word in (ast.get_docstring(tree(door)) or "").split() if word.startswith("project88/"))

    assert handed_over == [DOORS[door]]
    assert (CHECKOUT / home.rstrip(".")).exists()


@each_door
def test_it_holds_no_default(door: str):
    """Options belong to the command, so a door has no text but its docstring, its guard and its exports."""
    texts = {node.value for node in ast.walk(tree(door)) if isinstance(node, ast.Constant) and node.value != 1}
    docstring = ast.get_docstring(tree(door), clean=False)

    assert texts - {docstring, "__main__", "ChronoTrackLiveAdapter", 0} == set()


@each_door
def test_it_runs_from_any_directory_with_the_systems_python(door: str, tmp_path: Path):
    done = run(CHECKOUT / door, tmp_path, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Example: project88" in done.stdout
    assert os.access(CHECKOUT / door, os.X_OK)


@each_door
def test_without_an_environment_it_says_what_to_run(door: str, tmp_path: Path):
    """A system's Python that has our libraries needs none; an environment without any stands for one that has not."""
    for name in (
        door,
        "project88/__init__.py",
        "project88/doors.py",
        "project88/cli/app.py",
        "project88/cli/__init__.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, tmp_path / name)

    done = run(tmp_path / door, tmp_path, "--help")

    assert (done.returncode, done.stdout) == (78, "")
    assert len(done.stderr.splitlines()) == 1
    assert f"make -C {tmp_path} setup" in done.stderr


def test_importing_the_adapters_door_gives_the_adapter():
    from providers.chronotrack_live_adapter import ChronoTrackLiveAdapter

    assert ChronoTrackLiveAdapter.__module__ == "project88.providers.chronotrack_live.adapter"


def test_the_adapters_door_prints_what_the_adapter_declares(tmp_path: Path):
    done = run(CHECKOUT / "providers/chronotrack_live_adapter.py", tmp_path)

    assert done.returncode == 0
    for declared in ("rate_limit", "1500", "/event/{event_id}/results?interval=ALL", "results_gun_time"):
        assert declared in done.stdout


def test_pytest_collects_no_door(request: pytest.FixtureRequest):
    assert request.config.getini("testpaths") == ["tests"]
