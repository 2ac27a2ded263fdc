"""Progress of a long command."""

import sys

import click


class Bar:
    """Progress on a terminal, with the time left; nothing in a pipe."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = sys.stderr.isatty()
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
            self._bar.length = size
            self._bar.label = f"{self._label}  {done if records is None else records:,}"
            self._bar.update(max(0, done - self._bar.pos))
