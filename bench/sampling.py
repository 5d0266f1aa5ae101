"""A sampling profile of this process by its processor time: functions and their callers. Runs nothing itself."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec

INTERVAL_SECONDS = 0.002
SHOWN = 40


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the process's time: in the function itself (and the C code it calls), and with all it calls."""

    function: str
    own_share: float
    total_share: float


class Sampler:
    def __init__(self) -> None:
        self._samples = 0
        self._own: Counter[str] = Counter()
        self._total: Counter[str] = Counter()

    def take(self, _signal: int, frame: FrameType | None) -> None:
        self._samples += 1
        stack = [_name(each) for each in _frames(frame)]
        if stack:
            self._own[stack[0]] += 1
            self._total.update(set(stack))

    def hottest(self) -> list[Sampled]:
        """The functions with the largest own or total shares."""
        names = {name for counts in (self._own, self._total) for name, _ in counts.most_common(SHOWN)}
        ordered = sorted(names, key=lambda name: (-self._own[name], -self._total[name]))
        return [
            Sampled(
                function=name,
                own_share=self._own[name] / self._samples,
                total_share=self._total[name] / self._samples,
            )
            for name in ordered
        ]


@contextmanager
def sampling() -> Iterator[Sampler]:
    sampler = Sampler()
    signal.signal(signal.SIGPROF, sampler.take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    try:
        yield sampler
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _name(frame: FrameType) -> str:
    code = frame.f_code
    path = Path(code.co_filename)
    return f"{path.parent.name}/{path.name}:{code.co_firstlineno} {code.co_qualname}"
