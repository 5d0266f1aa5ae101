"""Opens a page in the person's browser, where there is one. Reads nothing."""

from __future__ import annotations

import webbrowser

from project88.edges import environment


def open_page(url: str) -> bool:
    """False where no desktop is at hand."""
    if environment.variable("DISPLAY") is None and environment.variable("WAYLAND_DISPLAY") is None:
        return False
    return webbrowser.open(url)
