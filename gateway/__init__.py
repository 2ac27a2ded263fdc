"""fhirgate: children's records as FHIR R4, one identifier per child, one answer from many sources.

The promise to importers is `create_app`, `Gateway` and `__version__`; everything else may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.app import create_app
    from gateway.service import Gateway

__all__ = ["Gateway", "__version__", "create_app"]
__version__ = "0.1.0"

_WHERE = {"create_app": "gateway.app", "Gateway": "gateway.service"}


def __getattr__(name: str) -> Any:
    """Import the two promised names only when asked, so that `gateway.fhir` stays light."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'gateway' has no attribute {name!r}")
