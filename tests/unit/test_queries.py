"""The reader of named statements."""

from __future__ import annotations

import pytest

from project88.store.queries import FOLDER, load, parse


def test_a_block_gives_its_statement_without_comments_or_semicolon():
    queries = parse(
        "x.sql", "-- name: one\n-- Counts.\nselect 1\n-- why\n;\n\n-- name: two\n-- Counts on.\nselect 2;\n"
    )

    assert {name: query.as_string(None) for name, query in queries.items()} == {"one": "select 1", "two": "select 2"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("select 1;\n", "text before"),
        ("-- name:\n-- Counts.\nselect 1;\n", "missing"),
        ("-- name: one\nselect 1;\n", "sentence"),
        ("-- name: one\n--\nselect 1;\n", "sentence"),
        ("-- name: one\n-- Counts.\n", "no statement"),
        ("-- name: one\n-- A.\nselect 1;\n-- name: one\n-- B.\nselect 2;\n", "doubled"),
    ],
)
def test_a_block_that_lacks_something_is_refused(text: str, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        parse("x.sql", text)


def test_a_name_that_is_not_there_is_told_with_the_names_that_are():
    with pytest.raises(KeyError, match=r"x\.sql has no statement named 'two'; it has one"):
        parse("x.sql", "-- name: one\n-- Counts.\nselect 1;\n")["two"]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.sql")))
def test_every_file_of_the_store_can_be_read(name: str):
    assert load(name)
