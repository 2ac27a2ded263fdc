"""What every command has in common: help with examples, exit codes, quiet pipes, plain text."""

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest
from terminal import Run, demo_file, program

from gateway.cli import commands, main

NAMES = sorted(commands.commands)
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", NAMES)
def test_each_help_ends_with_two_examples_of_that_command(name: str, fhirgate: Run) -> None:
    done = fhirgate(name, "--help")

    assert done.code == 0
    text = done.out.split("Options:")[0]
    examples = [line.strip() for line in text.split("Examples:")[1].splitlines() if line.strip()]
    assert len(examples) == 2
    assert any(f"fhirgate {name}" in each for each in examples)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_use_options_that_there_are(name: str) -> None:
    text = str(commands.commands[name].help).split("Examples:")[1]

    for line in filter(None, map(str.strip, text.splitlines())):
        inner = re.search(r"\$\(fhirgate ([^)]*)\)", line)
        words = shlex.split(inner.group(1) if inner else line.removeprefix("fhirgate "))
        command = commands.commands[words[0]]
        with click.Context(command) as context:
            known = {option for each in command.get_params(context) for option in each.opts}
        assert {word for word in words[1:] if word.startswith("-") and len(word) > 1} <= known


@pytest.mark.parametrize("name", NAMES)
def test_each_command_answers_a_program(name: str) -> None:
    assert any("--json" in each.opts for each in commands.commands[name].params)


@pytest.mark.parametrize("name", NAMES)
def test_each_command_fits_the_list_of_commands(name: str, fhirgate: Run) -> None:
    (line,) = [each for each in fhirgate("--help").out.splitlines() if each.startswith(f"  {name} ")]

    assert not line.endswith("...")


@pytest.mark.parametrize(("typed", "meant"), [("chek", "check"), ("laod", "load"), ("serch", "search")])
def test_a_mistyped_command_names_the_nearest_one(fhirgate: Run, typed: str, meant: str) -> None:
    done = fhirgate(typed)

    assert done.code == 2
    assert f"There is no command called {typed}. Did you mean {meant}?" in done.err


def test_a_word_near_no_command_is_not_guessed_at(fhirgate: Run) -> None:
    done = fhirgate("zzzzz")

    assert done.code == 2
    assert "Did you mean" not in done.err


def test_a_place_nobody_can_write_to_is_a_problem_and_no_trace(fhirgate: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")

    done = fhirgate("init", str(tmp_path / "file" / "gate"))

    assert done.code == 1
    assert "service.not-written" in done.err and "Not a directory" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("words", [("config",), ("map", "children.csv", "-m", "clubs")])
def test_an_answer_that_cannot_be_written_is_a_problem_and_no_trace(
    gate: Path, words: tuple[str, ...]
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=gate,
        )

    assert done.returncode == 1
    assert "The answer cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("load", "--undo", "x"), "'--undo': 'x' is not a whole number."),
        (("serve", "--port", "0"), "'--port': 0 is not in the range"),
        (("serve", "--port", "http"), "'--port': 'http' is not a whole number."),
        (("matches", "one"), "'[NUMBER]': 'one' is not a whole number."),
        (("check", "all", "of it"), "The command takes nothing more: all of it"),
        (("child",), "Missing argument 'CCI'."),
        (("check", "--al"), "No such option"),
        (("load", "--feed"), "Option '--feed' requires an argument."),
    ],
)
def test_a_command_used_wrongly_is_told_without_blame(
    fhirgate: Run, words: tuple[str, ...], said: str
) -> None:
    done = fhirgate(*words)

    assert done.code == 2
    assert said in done.err
    assert not [
        word for word in ("invalid", "unexpected", "illegal", "not a valid") if word in done.err.lower()
    ]


def test_exit_codes_of_the_program_itself(gate: Path) -> None:
    (gate / "bad.csv").write_text(
        "UPN,Surname,Forename,DOB,Sex\nT201900118051,Thompson,Ava-Mae,31/02/2013,F\n", "utf-8"
    )

    assert program("load", "children.csv", folder=gate).code == 0
    assert program("load", "bad.csv", folder=gate).code == 1
    assert program("load", "nowhere.csv", folder=gate).code == 2
    assert program("--version", folder=gate).out.startswith("fhirgate, version ")


def test_python_m_gateway_is_the_same_program(gate: Path) -> None:
    here = Path(sys.executable).with_name("fhirgate")
    if not here.exists():
        pytest.skip("fhirgate is not installed beside this Python")
    one = subprocess.run([here, "loads", "--json"], cwd=gate, capture_output=True, text=True, check=True)

    assert one.stdout == program("loads", "--json", folder=gate).out


def test_progress_is_quiet_in_a_pipe(gate: Path) -> None:
    done = program("load", "children.csv", folder=gate)

    assert done.err == ""
    assert "\x1b" not in done.out and "\r" not in done.out


def test_progress_is_shown_on_a_terminal(council: Path) -> None:
    shown = on_a_terminal(
        council, "load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council", "--json"
    )

    assert "Loading ssda903" in shown


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_bold_is_for_terminals_that_want_it(gate: Path, environ: dict[str, str], coloured: bool) -> None:
    program("load", "children.csv", folder=gate)

    shown = on_a_terminal(gate, "loads", **environ)

    assert bool(STYLE.search(shown)) is coloured
    assert "feed" in shown


def test_a_database_that_may_not_be_written_is_named_with_a_remedy() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        program("init", "gate", folder=folder)
        gate = folder / "gate"
        program("load", "children.csv", folder=gate)
        folder.chmod(0o755)
        for each in gate.rglob("*"):
            each.chmod(0o555 if each.is_dir() else 0o444)
        gate.chmod(0o555)

        done = as_nobody(gate, "load", "children.csv", "-m", "clubs")
        gate.chmod(0o755)

    assert done.returncode == 1
    assert "store.read-only" in done.stderr or "store.audit" in done.stderr
    assert "Give the gateway's user the right to write" in done.stderr or "give access" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_stopped_half_way_says_so(monkeypatch: pytest.MonkeyPatch, fhirgate: Run) -> None:
    @click.command("stop")
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(commands.commands, "stop", stop)

    done = fhirgate("stop")

    assert (done.code, done.err) == (1, "\nStopped.\n")


def test_the_program_can_be_called_from_python() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0


def on_a_terminal(folder: Path, *words: object, **environ: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "gateway", *map(str, words)]
    with subprocess.Popen(
        command, cwd=folder, env={**clean, **environ, "TERM": "xterm"}, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 4096):
                pieces.append(piece)
        except OSError:  # Linux says so when the other end is closed
            pass
        process.wait(30)
    os.close(ours)
    return b"".join(pieces).decode()


def as_nobody(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command run by somebody without rights on our files."""
    code = f"""
import os, sys
import gateway.cli
from gateway.store.schema import migrations
migrations("sqlite")
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
os.chdir({str(folder)!r})
gateway.cli.main({list(words)!r})
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
