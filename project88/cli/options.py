"""The options that several commands share. Holds no rule."""

from __future__ import annotations

from typing import Annotated

import typer

#: The largest number the column holds.
LARGEST_ID = 2**31 - 1


def said(text: str | None) -> str | None:
    """What is kept of a name or a reason. Raises BadParameter for spaces alone, which say nothing."""
    if text is not None and not text.strip():
        raise typer.BadParameter("it says nothing")
    return None if text is None else text.strip()


By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.", callback=said)]
PartnerId = Annotated[
    int,
    typer.Option(
        "--timing-partner-id", min=1, max=LARGEST_ID, metavar="N", help="The timing partner: see partner list."
    ),
]
AnyPartnerId = Annotated[
    int | None,
    typer.Option(
        "--timing-partner-id", min=1, max=LARGEST_ID, metavar="N", help="Only this timing partner: see partner list."
    ),
]
AnyProvider = Annotated[str | None, typer.Option("--provider", help="Only this provider, such as chronotrack_live.")]
TrustedProxies = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-proxy",
        metavar="ADDRESS",
        help="A proxy or its network, whose X-Forwarded-For and X-Forwarded-Proto count. May be given several times; "
        "without it PROJECT88_WEB_TRUSTED_PROXIES holds, and without both nobody is believed.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AnyAccount = Annotated[
    str | None, typer.Option("--account", help="Only the account of this name; the main one has none: ''.")
]
