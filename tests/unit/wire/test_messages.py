"""Requests and responses as values."""

from __future__ import annotations

from project88.wire.messages import Request, Response


def test_a_request_shows_neither_its_query_nor_its_headers() -> None:
    request = Request(
        url="https://service.example/api/event",
        query={"user_pass": "tulip-mania"},
        headers={"Authorization": "Basic tulip-mania"},
    )

    assert "tulip-mania" not in repr(request)
    assert "https://service.example/api/event" in repr(request)


def test_a_query_added_later_leaves_the_first_request_alone() -> None:
    request = Request(url="https://service.example", query={"page": "1", "size": "5"}, headers={"a": "b"})

    second = request.with_query(page="2", interval="ALL")

    assert request.query == {"page": "1", "size": "5"}
    assert second.query == {"page": "2", "size": "5", "interval": "ALL"}
    assert second.headers == {"a": "b"}


def test_a_response_does_not_show_its_body() -> None:
    assert "tulip-mania" not in repr(Response(status=200, headers={}, body=b'{"access_token": "tulip-mania"}'))
