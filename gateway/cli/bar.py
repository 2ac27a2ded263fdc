"""Progress of a long command."""

import sys
import time

import click


class Bar:
    """Progress on a terminal, with the rate and the time left; nothing in a pipe."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = sys.stderr.isatty()
        self._began = time.monotonic()
        self._bar = click.progressbar(length=1, label=label, file=sys.stderr, show_eta=True, show_pos=False)

    def __enter__(self) -> "Bar":
        if self._shown:
            self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            self._bar.render_finish()

    def moved(self, done: int, size: int, records: int | None = None) -> None:
        """Show that so much is done, of how much.

        Args:
            records: what is counted beside the label, where it is not `done` (of a file, bytes are done).
        """
        if self._shown and size:
            count = done if records is None else records
            rate = count / max(time.monotonic() - self._began, 1e-3)
            self._bar.length = size
            self._bar.label = f"{self._label}  {count:,} ({rate:,.0f}/s)"
            self._bar.update(max(0, done - self._bar.pos))


class Bars:
    """One bar after the other, for what is done in steps."""

    def __init__(self) -> None:
        self._step, self._bar = "", Bar("")

    def __enter__(self) -> "Bars":
        return self

    def __exit__(self, *error: object) -> None:
        if self._step:
            self._bar.__exit__(*error)

    def moved(self, step: str, done: int, size: int) -> None:
        """Show that so much of a step is done, of how much."""
        if step != self._step:
            self.__exit__()
            self._step, self._bar = step, Bar(step).__enter__()
        self._bar.moved(done, size)
