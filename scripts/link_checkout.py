"""Puts this checkout on the environment's path and writes bin/project88. Installs nothing and touches no network."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> None:
    site = Path(sysconfig.get_path("purelib"))
    (site / "project88-checkout.pth").write_text(f"{CHECKOUT}\n")
    command = Path(sys.prefix) / "bin" / "project88"
    command.write_text(
        f"#!{sys.prefix}/bin/python\nimport sys\n\nfrom project88.__main__ import main\n\nsys.exit(main())\n"
    )
    command.chmod(0o755)


main()
