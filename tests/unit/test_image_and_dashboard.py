"""The container's files and the dashboard: linted, without secrets or foreign hosts, and every figure really exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from project88.cli.app import COMMANDS, load_command
from project88.edges.metrics import Metrics

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKERFILE = CHECKOUT / "Dockerfile"
COMPOSE = CHECKOUT / "deploy" / "compose.yaml"
DASHBOARD = CHECKOUT / "deploy" / "grafana" / "project88.json"
FILES = (DOCKERFILE, COMPOSE, CHECKOUT / "deploy" / "entrypoint.sh", CHECKOUT / "deploy_chronotrack_live.sh", DASHBOARD)
FIGURE = re.compile(r"\bproject88_\w+")
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def served() -> set[str]:
    """The names that /metrics shows."""
    families = list(Metrics().registry.collect())
    return {family.name + ending for family in families for ending in ENDINGS[family.type]}


def expressions(dashboard: Any) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def instructions() -> list[str]:
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_the_linter_finds_nothing_in_the_dockerfile():
    hadolint = Path(sys.prefix) / "bin" / "hadolint"
    found = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)

    assert (found.returncode, found.stdout) == (0, "")


def test_the_image_installs_by_hash_runs_as_an_ordinary_user_and_tells_its_health():
    lines = instructions()
    install = next(index for index, line in enumerate(lines) if "--require-hashes" in line)
    program = lines.index("COPY . ./")
    user = next(line for line in lines if line.startswith("USER "))

    assert re.fullmatch(r"FROM python:3\.1\d[\w.-]*", lines[0])
    assert lines.index("COPY requirements.lock ./") < install < program
    assert int(user.split()[1].partition(":")[0]) > 0
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_what_the_image_starts_exists():
    lines = instructions()
    entry = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).partition(" ")[2])
    command = json.loads(next(line for line in lines if line.startswith("CMD")).partition(" ")[2])
    options = {name for parameter in load_command(command[0]).params for name in parameter.opts}
    health = re.search(r"HEALTHCHECK.*deploy/entrypoint.sh (\w+) (--\w+)", "\n".join(lines))
    script = CHECKOUT / entry[0].removeprefix("/opt/project88/")

    assert script.stat().st_mode & 0o111
    assert set(command[1:]) <= options
    assert health is not None
    assert health[1] in COMMANDS
    assert health[2] in {name for parameter in load_command(health[1]).params for name in parameter.opts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_holds_a_secret_a_host_or_a_place_of_one_machine(path: Path):
    text = path.read_text()

    assert not re.search(r"://(?!/)", text)
    assert not re.search(r"(?i)(password|secret)\s*[:=]\s*[\"']?[a-z0-9]{6,}[\"']?\s*$", text, re.MULTILINE)
    assert not re.search(r"(?<![\w.])/(?:work|home|root|Users|mnt)/", text)


def test_the_compose_file_hands_the_password_over_as_a_file_and_keeps_data_in_volumes():
    text = COMPOSE.read_text()
    services = re.split(r"^  (\w+):\n", text[text.index("services:") : text.index("\nsecrets:")], flags=re.MULTILINE)
    by_name = dict(zip(services[1::2], services[2::2], strict=True))
    major = re.search(r"image: postgres:(\d+)", by_name["database"])

    assert "\t" not in text
    assert major is not None
    assert int(major[1]) >= 15
    for name in ("database", "hub"):
        assert "PASSWORD_FILE: /run/secrets/database_password" in by_name[name]
        assert re.search(rf"^      - {name}:/var/lib/", by_name[name], re.MULTILINE)
    assert re.search(r"^secrets:\n  database_password:\n    file: ", text, re.MULTILINE)
    assert re.search(r"^volumes:\n  database:\n  hub:\n", text, re.MULTILINE)


def test_every_figure_of_the_dashboard_is_served():
    used = {
        name for expression in expressions(json.loads(DASHBOARD.read_text())) for name in FIGURE.findall(expression)
    }

    assert len(used) >= 9
    assert used - served() == set()


def test_the_dashboard_asks_a_data_source_that_the_reader_chooses():
    dashboard = json.loads(DASHBOARD.read_text())
    numbers = [panel["id"] for panel in dashboard["panels"]]

    assert len(set(numbers)) == len(numbers)
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"${source}"}
    assert [each["name"] for each in dashboard["templating"]["list"]] == ["source"]
