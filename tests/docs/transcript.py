"""Run the `console` blocks of a page in one shell, and compare what comes with what the page shows.

    $ command          is run; lines that begin with "> " behind it go on with it
    $ command &        is a server: the next command waits until its --port answers
    ...                as a line: any lines; within a line: any text
    <!-- run: ... -->  is run, and its output is not compared

What differs from run to run stands for any of its kind: a CCI, an id, a time, milliseconds. A CCI or id that
the page names again means the one that came in its place. Port 8080 is any port that is free.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(?P<block>.*?)^```$|^<!-- run: (?P<hidden>.*?) -->$", re.M | re.S)
_DONE = "-- done --"
_PORT = "8080"

#: Kept through the page: what a page calls one of these is another one in each run.
_SIGN = "[0-9A-HJKMNP-TV-Z]"
_NAMES = rf"\b{_SIGN}{{5}}-{_SIGN}{{5}}\b|\b(?=[0-9A-Z]*[A-Z])(?=[0-9A-Z]*[0-9]){_SIGN}{{10}}\b"
_IDS = r"\b[0-9a-f]{32}\b|\b(?=[a-z2-7]*[2-7])[a-z2-7]{26}\b|\b[0-9a-f]{16}\b"
_TIMES = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_MILLISECONDS = r"\b\d+ ms\b"
# What may come in the place of one: by chance it may have no digit, by which it is told from a word here.
_ANY_NAME = rf"{_SIGN}{{5}}-{_SIGN}{{5}}|{_SIGN}{{10}}"
_ANY_ID = "[0-9a-f]{32}|[a-z2-7]{26}|[0-9a-f]{16}"
_VARIES = re.compile(
    f"(?P<name>{_NAMES}|{_IDS})|(?P<time>{_TIMES})|(?P<ms>{_MILLISECONDS})|(?P<any>[.]{{3}})"
)
_ANY = {"time": _TIMES, "ms": _MILLISECONDS, "any": ".*"}


@dataclass(frozen=True)
class Step:
    """One command of a page, and the output the page shows (None: not compared)."""

    command: str
    shown: str | None
    line: int


@dataclass
class Shell:
    """A shell in a folder, with the fhirgate of this Python; servers it starts end with it."""

    folder: Path
    port: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = _free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=self.folder,
            env={**clean, "PATH": path, "TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str) -> str:
        """What a command prints, on stdout and stderr; for a server, until its port answers."""
        assert self._bash.stdin and self._bash.stdout
        command = self._ours(command)
        serves = command.rstrip().endswith("&")
        if serves:
            command = f"{command.rstrip()[:-1]} </dev/null >served.log 2>&1 &"
        self._bash.stdin.write(f"{command}\necho; echo '{_DONE}'\n")
        self._bash.stdin.flush()
        lines = []
        while (line := self._bash.stdout.readline()) and line != f"{_DONE}\n":
            lines.append(line)
        if serves:
            _wait(int(self.port))
            return (self._bash_folder() / "served.log").read_text("utf-8")
        return "".join(lines)[:-1]

    def compare(self, step: Step) -> str:
        """Run a step; what is wrong with its output, "" if nothing is."""
        came = self.run(step.command)
        if step.shown is None:
            return ""
        came = came.replace(self.port, _PORT).rstrip("\n")
        pattern, names = self._pattern(step.shown.rstrip("\n"))
        match = re.fullmatch(pattern, came)
        if match is None:
            return f"line {step.line}: $ {step.command}\nshown:\n{step.shown}\ncame:\n{came}"
        for number, name in enumerate(names, 1):
            self.names[name] = match.group(f"n{number}")
            if "-" in name:
                self.names[name.replace("-", "")] = match.group(f"n{number}").replace("-", "")
        return ""

    def close(self) -> None:
        """End the shell and what it started."""
        assert self._bash.stdin and self._bash.stdout
        os.killpg(self._bash.pid, signal.SIGTERM)
        try:
            self._bash.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._bash.pid, signal.SIGKILL)
            self._bash.wait(20)
        self._bash.stdin.close()
        self._bash.stdout.close()

    def _bash_folder(self) -> Path:
        return Path(os.readlink(f"/proc/{self._bash.pid}/cwd")) if os.path.exists("/proc") else self.folder

    def _ours(self, command: str) -> str:
        """A command of the page with this run's port, CCIs and ids."""
        for name, ours in self.names.items():
            command = command.replace(name, ours)
        return command.replace(_PORT, self.port)

    def _pattern(self, shown: str) -> tuple[str, list[str]]:
        """A regular expression for what a page shows, and the names it has groups for."""
        names: list[str] = []
        lines = [
            "(?:.*\n)*?" if line.strip() == "..." else self._line(line, names) + "\n"
            for line in shown.split("\n")
        ]
        pattern = "".join(lines)
        # The last line has no line feed; where it is "...", what is before it may be all there is.
        return (pattern[:-1] if pattern.endswith("\n") else pattern + ".*"), names

    def _line(self, line: str, names: list[str]) -> str:
        out, at = "", 0
        for found in _VARIES.finditer(line):
            out += re.escape(line[at : found.start()])
            at = found.end()
            kind, text = str(found.lastgroup), found.group()
            if kind != "name":
                out += _ANY[kind]
            elif text in self.names:
                out += re.escape(self.names[text])
            elif text in names:
                out += f"(?P=n{names.index(text) + 1})"
            else:
                names.append(text)
                out += f"(?P<n{len(names)}>{_ANY_NAME if re.fullmatch(_NAMES, text) else _ANY_ID})"
        # Columns are as wide as their widest cell, which may be one of those that differ.
        return re.sub(r"(?:\\ ){2,}", r" {2,}", out + re.escape(line[at:]))


def steps(page: str) -> list[Step]:
    """The commands of a page in order."""
    found = []
    for block in _BLOCK.finditer(page):
        line = page.count("\n", 0, block.start()) + 1
        if block["hidden"] is not None:
            found.append(Step(block["hidden"], None, line))
        else:
            found += _steps(block["block"].splitlines(), line)
    return found


def _steps(lines: list[str], first: int) -> list[Step]:
    found: list[tuple[list[str], list[str], int]] = []
    for number, line in enumerate(lines, first + 1):
        if line.startswith("$ "):
            found.append(([line[2:]], [], number))
        elif line.startswith("> ") and not found[-1][1]:
            found[-1][0].append(line[2:])
        else:
            found[-1][1].append(line)
    return [Step("\n".join(command), "\n".join(shown), line) for command, shown, line in found]


def _free_port() -> str:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not answer")
