"""How full a disk is. Frees nothing."""

from __future__ import annotations

import shutil
from pathlib import Path


def used_share(folder: Path) -> float:
    """Of the disk that the folder stands on, or will stand on, between 0 and 1; as its users see it."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    usage = shutil.disk_usage(there)
    return usage.used / (usage.used + usage.free)
