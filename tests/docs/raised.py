"""Which problems of the catalogue no test mentions; `make docs` prints them."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from gateway import problems
from gateway.problems import Kind, catalogue

TESTS = Path(__file__).parents[1]


def unmentioned() -> list[str]:
    """The codes that no test has, nor what is behind their point, nor the constant of their kind."""
    root = TESTS.parent
    files = [*TESTS.rglob("*.py"), *TESTS.rglob("*.yaml"), *(root / "mappings").rglob("tests.yaml")]
    text = "\n".join(path.read_text("utf-8") for path in files if path.parent != Path(__file__).parent)
    words = set(re.findall(r"[\w\-]+(?:\.[\w\-]+)*", text))
    quoted = set(re.findall(r"""["']([\w\-]+)["']""", text))
    names = _names()
    return sorted(
        code
        for code in catalogue()
        if code not in words and code.partition(".")[2] not in quoted and not words & names.get(code, set())
    )


def _names() -> dict[str, set[str]]:
    """The constants that each code is bound to."""
    found: dict[str, set[str]] = {}
    for module in iter_modules(problems.__path__):
        for name, value in vars(import_module(f"gateway.problems.{module.name}")).items():
            if isinstance(value, Kind):
                found.setdefault(value.code, set()).add(name)
    return found


if __name__ == "__main__":
    missing = unmentioned()
    print(f"{len(missing)} of {len(catalogue())} problems are mentioned in no test", *missing, sep="\n  ")
