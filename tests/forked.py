"""Processes of the command project88 that start at once: each is a fork of one that has everything imported.

To import the program costs more than most commands do. In all else such a process is one of its own: environment,
streams, signals, exit code. Tests of how the program starts run it anew: test_command_line, test_doors.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NUMBER_BYTES = 8

#: Takes what to run, with three streams and a socket; says the process's id there, and its exit code when it has ended.
PARENT = """
import atexit, gc, importlib, json, os, pkgutil, signal, socket, sys, time
import project88, rich.table, typer.rich_utils, uvloop

for module in pkgutil.walk_packages(project88.__path__, "project88."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from project88.cli.app import main

gc.collect()
gc.freeze()
asked = socket.socket(fileno=int(sys.argv[1]))
answers = {}

def say(answer, number):
    try:
        answer.sendall(number.to_bytes(8, signed=True))
    except OSError:
        pass  # who asked is gone

def reap(*_):
    while answers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with answers.pop(pid) as answer:
            say(answer, os.waitstatus_to_exitcode(status))

def become(arguments, environment, handles):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for number, handle in enumerate(handles[:3]):
        os.dup2(handle, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["project88", *arguments]
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    atexit._run_exitfuncs()
    os._exit(code)

signal.signal(signal.SIGCHLD, reap)
while True:
    text, handles, *_ = socket.recv_fds(asked, 1 << 20, 4)
    if not text:
        break
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    pid = os.fork()
    if not pid:
        become(*json.loads(text), handles)
    answers[pid] = socket.socket(fileno=handles[3])
    say(answers[pid], pid)
    for handle in handles[:3]:
        os.close(handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
"""


@dataclass
class Forked:
    """A process of the command. ``returncode`` is below zero where a signal ended it, and None until it is awaited."""

    pid: int
    answer: socket.socket
    returncode: int | None = None

    async def wait(self) -> int:
        if self.returncode is None:
            self.answer.setblocking(False)
            said = await asyncio.get_running_loop().sock_recv(self.answer, NUMBER_BYTES)
            self.answer.close()
            self.returncode = int.from_bytes(said, signed=True)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


def start(arguments: Sequence[str], environment: Mapping[str, str], streams: tuple[int, int, int]) -> Forked:
    """Begin a command with these for standard input, output and errors."""
    answer, its_end = socket.socketpair()
    with its_end:
        order = json.dumps([arguments, dict(environment)]).encode()
        socket.send_fds(_parent(), [order], [*streams, its_end.fileno()])
    return Forked(int.from_bytes(answer.recv(NUMBER_BYTES), signed=True), answer)


@cache
def _parent() -> socket.socket:
    asking, its_end = socket.socketpair()
    with its_end:
        command = [sys.executable, "-c", PARENT, str(its_end.fileno())]
        process = subprocess.Popen(command, pass_fds=[its_end.fileno()], cwd=Path(__file__).resolve().parents[1])
    atexit.register(_end, asking, process)
    return asking


def _end(asking: socket.socket, process: subprocess.Popen[bytes]) -> None:
    asking.close()
    process.wait()
