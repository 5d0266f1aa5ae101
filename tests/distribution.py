"""Which worker of a run takes which test: the next one, when it is done with one. Runs no test.

The long tests stand in the folders that come first, so that all workers are busy to the end.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Files whose tests one worker takes: they share a server that is slow to make, or places in /tmp that a page names.
TOGETHER = {
    "tests/acceptance/test_deploy_script.py": "places in /tmp",
    "tests/acceptance/test_deployment_page.py": "places in /tmp",
    "tests/integration/test_standby.py": "standby",
    "tests/migration/test_legacy_databases.py": "legacy databases",
}


class OneByOne(LoadScopeScheduling):
    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)
