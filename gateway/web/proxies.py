"""What a proxy in front says of a request: heard from those that are trusted, and from nobody else.

Source: RFC 7239 (Forwarded); the older X-Forwarded-For, -Proto, -Host, -Port and -Prefix by common use.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

from gateway.problems import refuse
from gateway.problems.config import CONFIG_VALUE

Networks = tuple[IPv4Network | IPv6Network, ...]
Environ = Mapping[str, Any]

HOST = re.compile(
    r"[A-Za-z0-9.\-]{1,255}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?",
)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~\-]+)+")
_PAIR = re.compile(r'\s*([A-Za-z]+)=(?:"([^"]*)"|([^;,"]*))\s*')
_PORT_END = re.compile(r":[0-9]{1,5}\Z")
_USUAL_PORTS = {"http": "80", "https": "443"}


class Seen(NamedTuple):
    """A request as its client sent it: where from, and to which address; "" where the proxy does not say."""

    address: str
    origin: str = ""


def networks(texts: Sequence[str]) -> Networks:
    """Return the addresses and networks that the setting `trusted_proxies` names.

    Raises:
        Refused: `config.value`.
    """
    found = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            takes = "addresses and networks, as 10.0.0.7 and 10.0.0.0/8"
            raise refuse(CONFIG_VALUE, name="trusted_proxies", given=repr(text), takes=takes) from None
    return tuple(found)


def seen(environ: Environ, trusted: Networks) -> Seen:
    """Return what is known of a request, with what a trusted proxy says of it.

    Of a chain of proxies the last one counts that is trusted: what was said before it may be invented.
    """
    address = environ.get("REMOTE_ADDR") or ""
    if not trusted or not _among(address, trusted):
        return Seen(address)
    if header := environ.get("HTTP_FORWARDED"):
        return _by_standard(header, address, trusted)
    return _by_custom(environ, address, trusted)


def _by_standard(header: str, address: str, trusted: Networks) -> Seen:
    """What the header Forwarded says."""
    elements = [
        {name.lower(): quoted or plain.strip() for name, quoted, plain in _PAIR.findall(element)}
        for element in header.split(",")
    ]
    said: Mapping[str, str] = {}
    for element in reversed(elements):
        said = element
        address = _node(element.get("for", "")) or address
        if not _among(address, trusted):
            break
    return Seen(address, _origin(said.get("proto", ""), said.get("host", "")))


def _by_custom(environ: Environ, address: str, trusted: Networks) -> Seen:
    """What the headers X-Forwarded-… say."""

    def last(name: str) -> str:
        return str(environ.get(f"HTTP_X_FORWARDED_{name}") or "").rpartition(",")[2].strip()

    for hop in reversed(str(environ.get("HTTP_X_FORWARDED_FOR") or "").split(",")):
        address = _node(hop.strip()) or address
        if not _among(address, trusted):
            break
    host, port = last("HOST"), last("PORT")
    proto = last("PROTO") or str(environ["wsgi.url_scheme"])
    if not host:
        host = str(environ.get("HTTP_HOST") or "") if last("PROTO") or port else ""
    if host and port.isdecimal() and not _PORT_END.search(host) and port != _USUAL_PORTS.get(proto.lower()):
        host = f"{host}:{port}"
    prefix = last("PREFIX").rstrip("/")
    origin = _origin(proto, host)
    return Seen(address, origin + prefix if origin and _PREFIX.fullmatch(prefix) else origin)


def _origin(proto: str, host: str) -> str:
    scheme = proto.lower()
    return f"{scheme}://{host}" if scheme in _USUAL_PORTS and HOST.fullmatch(host) else ""


def _node(text: str) -> str:
    """The address in `for=`, which may have a port; "" for one that is hidden or none."""
    found = text.strip('"')
    if found.startswith("["):
        found = found[1:].partition("]")[0]
    elif found.count(":") == 1:
        found = found.partition(":")[0]
    return found if _parsed(found) else ""


def _among(address: str, trusted: Networks) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in trusted)


@lru_cache(1024)
def _parsed(text: str) -> Any:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


__all__ = ["HOST", "Networks", "Seen", "networks", "seen"]
