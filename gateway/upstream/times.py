"""The clinical time of a resource another server sent: by the rule that orders the gateway's own rows."""

from gateway.fhir import facts, index
from gateway.upstream.searchset import Fields, value


def clinical_time(fields: Fields, type_: str) -> int | None:
    """The moment it is ordered by, in milliseconds since 1970; None where it has none that can be read."""
    if not facts.is_resource(type_):
        return None
    names = [name for name in index.clinical_elements(type_) if name in fields]
    try:
        return index.moment({name: value(fields, name) for name in names}, type_) if names else None
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError):
        # nobody has checked what another server sends
        return None
