"""Programs for whoever changes the hub: the environment's set-up and the generated pages. No part of the hub."""

from __future__ import annotations
