"""RunSignUp: how its API is asked and how its answers become records. Pure.

Source of every fact: shared/spec/provider_apis.md, whose grades are repeated where a fact is used.
"""

from __future__ import annotations

from project88.providers.runsignup.adapter import RunSignUpAdapter

__all__ = ["RunSignUpAdapter"]
