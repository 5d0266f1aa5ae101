"""The layer contract: who may import whom, who may touch the outside world, and how long a function may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "project88"
LONGEST_FUNCTION_LINES = 60

#: What each folder may import from the package besides itself. Everything may import errors.
MAY_IMPORT = {
    "wire": set(),
    "records": set(),
    "providers": {"wire", "records"},
    "store": {"records"},
    "edges": {"wire"},
    "sync": {"wire", "providers", "records", "store", "edges"},
    "schedule": {"sync", "store", "edges", "records"},
    "backfill": {"sync", "store", "edges"},
    "monitor": {"store", "edges", "providers"},
    "verification": {"sync", "schedule", "backfill", "store", "edges", "providers", "records", "monitor"},
    "web": {"store", "edges", "exports", "records", "providers", "sync", "schedule", "backfill", "monitor"},
    "exports": set(),
    "sandbox": {"wire", "edges"},
    "scoring": {"records"},
    "replay": {"providers", "records", "store", "sync", "listen"},
    "imports": {"wire", "providers", "records", "scoring", "store", "edges", "exports"},
    "listen": {"wire", "providers", "records", "scoring", "store", "sync", "schedule", "edges"},
}
#: The roots of the package that tie everything together.
COMPOSITION_ROOTS = {"cli", "doors", "__main__"}
FOR_EVERYBODY = {"errors", "__version__"}

#: Libraries and the folders that may import them.
LIBRARIES = {
    "psycopg": {"store"},
    "psycopg_pool": {"store"},
    "pgqueuer": {"store"},
    "cryptography": {"edges"},
    "prometheus_client": {"edges"},
    "zstandard": {"edges"},
    "aiohttp": {"edges"},
    "aiohttp.web": {"edges", "sandbox"},
    "starlette": {"web"},
    "uvicorn": {"web", "cli"},
    "socket": {"edges"},
    "ssl": {"edges"},
    "subprocess": {"edges"},
    "smtplib": {"edges"},
    "fcntl": {"edges"},
    "openpyxl": {"imports", "exports"},
    "http.client": {"edges"},
    "urllib.request": {"edges"},
}
#: Names that reach outside; only edges may use them.
OUTSIDE = {
    "os.environ",
    "os.getenv",
    "os.kill",
    "asyncio.sleep",
    "asyncio.open_connection",
    "asyncio.start_server",
    "asyncio.open_unix_connection",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.sleep",
}
PURE = {"wire", "records", "scoring"}

SQL = re.compile(
    r"""\s*(
        select\s.*\sfrom\s | select\s+[\w.]+\( | insert\s+into\s | update\s+\S+\s(\w+\s)?set\s | delete\s+from\s
      | with\s+(recursive\s+)?\w+\s*(\([^)]*\)\s*)?as\s*(not\s+)?(materialized\s*)?\( | merge\s+into\s
      | copy\s+[\w."]+\s*(\([^)]*\)\s*)?(from|to)\s+(stdin|stdout|program|') | truncate\s+(table\s+)?\w+\s*;?\s*$
      | (create|alter|drop)\s+(or\s+replace\s+)?(temp|temporary|unlogged|unique|materialized)?\s*
        (table|index|view|database|schema|function|sequence|type|role|extension|trigger)\s+\S+
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Module:
    path: Path
    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def layer(self) -> str:
        """The folder below the package, or the name of a module that stands in the package itself."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    def place(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(PACKAGE.parent)}:{getattr(node, 'lineno', 0)}"


def modules() -> list[Module]:
    return [Module(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(PACKAGE.rglob("*.py"))]


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every imported name in full, those inside functions and for type checkers too."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.place(node)} imports relatively"
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def foreign_layers(module: Module) -> Iterator[str]:
    allowed = MAY_IMPORT.get(module.layer, set()) | FOR_EVERYBODY | {module.layer}
    for node, name in imports(module):
        package, _, rest = name.partition(".")
        layer = rest.partition(".")[0]
        if package == "project88" and layer not in allowed and module.layer not in COMPOSITION_ROOTS:
            yield f"{module.place(node)} {module.layer} imports {layer}"


def foreign_libraries(module: Module) -> Iterator[str]:
    for node, name in imports(module):
        known = [library for library in LIBRARIES if f"{name}.".startswith(f"{library}.")]
        if known and module.layer not in LIBRARIES[max(known, key=len)]:
            yield f"{module.place(node)} {module.layer} imports {name}"


def outside_names(module: Module) -> Iterator[str]:
    """Uses of the outside world by folders that are not edges, under any name the import gave it."""
    if module.layer == "edges":
        return
    yield from (f"{module.place(node)} {name}" for node, name in imports(module) if name in OUTSIDE)
    for node in module.nodes:
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if f"{owner}.{node.attr}" in OUTSIDE:
                yield f"{module.place(node)} {owner}.{node.attr}"


def sql_literals(module: Module) -> Iterator[str]:
    prose = {id(node.value) for node in module.nodes if isinstance(node, ast.Expr)}
    for node in module.nodes:
        if id(node) not in prose and (text := literal(node)) and SQL.match(text):
            yield f"{module.place(node)} {text.split()[:4]}"


def literal(node: ast.AST) -> str:
    """The text of a string literal; an f-string's holes count as a word."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) if isinstance(part, ast.Constant) else "x" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value if isinstance(node.value, str) else node.value.decode(errors="replace")
    return ""


def coroutines(module: Module) -> Iterator[str]:
    if module.layer in PURE:
        found = (node for node in module.nodes if isinstance(node, ast.AsyncFunctionDef))
        yield from (f"{module.place(node)} async def {node.name}" for node in found)


def long_functions(module: Module) -> Iterator[str]:
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1 + (node.body[0].lineno - node.lineno)
            if lines > LONGEST_FUNCTION_LINES:
                yield f"{module.place(node)} {node.name} has {lines} lines"


def test_no_module_breaks_the_layer_contract():
    rules = (foreign_layers, foreign_libraries, outside_names, sql_literals, coroutines, long_functions)

    assert [offence for module in modules() for rule in rules for offence in rule(module)] == []


def test_every_folder_of_the_package_has_a_contract():
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/*.py")}

    assert folders - set(MAY_IMPORT) - COMPOSITION_ROOTS == set()


@pytest.mark.parametrize(
    ("layer", "code", "rule"),
    [
        ("store", "from project88.providers import contract", foreign_layers),
        ("sandbox", "def f():\n    import project88.store.connection", foreign_layers),
        ("wire", "from project88 import records", foreign_layers),
        ("sync", "import psycopg", foreign_libraries),
        ("sync", "from psycopg.rows import dict_row", foreign_libraries),
        ("sandbox", "import aiohttp", foreign_libraries),
        ("sandbox", "from aiohttp import ClientSession", foreign_libraries),
        ("cli", "import subprocess", foreign_libraries),
        ("sync", "import os\nos.environ['X']", outside_names),
        ("cli", "from os import environ", outside_names),
        ("web", "import datetime\ndatetime.datetime.now()", outside_names),
        ("web", "from time import monotonic", outside_names),
        ("store", "q = 'select 1 as a from b'", sql_literals),
        ("store", "q = f'SELECT {x} FROM b'", sql_literals),
        ("store", "q = b'with a as (select 1) table a'", sql_literals),
        ("store", "q = 'create table if not exists x ()'", sql_literals),
        ("store", "q = 'copy t (a, b) from stdin'", sql_literals),
        ("wire", "async def f(): pass", coroutines),
        ("web", "def f():\n" + "    a = 1\n" * 60, long_functions),
    ],
)
def test_the_guard_sees_an_offence(layer: str, code: str, rule):
    assert len(list(rule(Module(PACKAGE / layer / "x.py", ast.parse(code))))) == 1


@pytest.mark.parametrize(
    ("layer", "code", "rule"),
    [
        ("sync", "from project88.store import connection\nfrom project88.errors import HubError", foreign_layers),
        ("sandbox", "from aiohttp import web", foreign_libraries),
        ("edges", "import aiohttp\nimport socket", foreign_libraries),
        ("edges", "import os\nos.environ['X']", outside_names),
        ("store", "def f():\n    'Select the newest row from the table.'", sql_literals),
        ("cli", "help = 'Create the database. Update it from here.'", sql_literals),
        ("cli", "help = 'With a partner, update what is set.'", sql_literals),
        ("web", "def f():\n" + "    a = 1\n" * 59, long_functions),
    ],
)
def test_the_guard_lets_good_code_pass(layer: str, code: str, rule):
    assert list(rule(Module(PACKAGE / layer / "x.py", ast.parse(code)))) == []
