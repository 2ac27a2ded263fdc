"""Pages of docs/reference/ that are made from the code: `make docs` writes them, a test holds them equal."""

from collections.abc import Callable
from pathlib import Path

from gateway.config import SETTINGS
from gateway.problems import catalogue

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def settings() -> str:
    """docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "One `gateway.toml`; an environment variable `GATEWAY_<NAME>` (points and hyphens become `_`) wins over it.",
        "`fhirgate config` prints what is in force and where each value came from.",
        "",
    ]
    for setting in SETTINGS:
        default = "must be given" if setting.required else f"`{setting.default!r}`"
        unit = f" {setting.unit}" if setting.unit and not setting.required else ""
        lines += [f"## {setting.name}", "", setting.help, ""]
        lines.append(f"Type: {setting.type}. Default: {default}{unit}.")
        if setting.choices:
            lines.append(f"One of: {', '.join(setting.choices)}.")
        if setting.secret:
            lines.append("Secret: shown as `set`.")
        lines.append("")
    return "\n".join(lines)


def problems() -> str:
    """docs/reference/problems.md."""
    lines = [
        "# Problems",
        "",
        "Every problem fhirgate can name: its stable code, what it says, what to do, and how FHIR and HTTP see it.",
        "`{names}` are filled in when it is met. What a record said is never part of a problem's text.",
        "",
    ]
    for code, kind in sorted(catalogue().items()):
        lines += [f"## {code}", "", f"{kind.says}.", ""]
        if kind.fix:
            lines += [f"**What to do:** {kind.fix}", ""]
        lines += [f"FHIR issue `{kind.fhir}`, {kind.severity}, HTTP {kind.status}.", ""]
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {"settings.md": settings, "problems.md": problems}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), "utf-8")
