"""The weights that a gateway matches with: those that ship, or those in a file that was trained here."""

from pathlib import Path

from gateway.identity.model import Model, read, shipped, written
from gateway.problems import Place, Refused, refuse
from gateway.problems.service import WEIGHTS_KEPT, WEIGHTS_UNREADABLE


def weights(file: str) -> Model:
    """Return the weights in a file; those that ship where none is named.

    Raises:
        Refused: `service.weights-unreadable`; as `gateway.identity.model.read`.
    """
    if not file:
        return shipped()
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise refuse(WEIGHTS_UNREADABLE, file=Path(file).name, reason=reason) from None
    try:
        return read(text)
    except Refused as refused:
        place = Place(file=Path(file).name)
        raise Refused(*(each.at(place) for each in refused.problems)) from None


def keep(model: Model, file: Path, *, replace: bool = False) -> None:
    """Write weights into a file, whole or not at all.

    Raises:
        Refused: `service.weights-kept` where the file is there already, or cannot be written.
    """
    if file.exists() and not replace:
        raise refuse(WEIGHTS_KEPT, file=file.name, reason="it is there already")
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(written(model), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise refuse(WEIGHTS_KEPT, file=file.name, reason=error.strerror or "no reason") from None
