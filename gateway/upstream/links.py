"""Where another server's next page is, and whether it may be followed."""

from urllib.parse import unquote, urljoin, urlsplit

_LONGEST = 2000
"""It becomes part of our own next link, and servers and proxies end a request line at 4,000 or 8,000."""


def under(url: str, type_: str, bases: tuple[str, ...]) -> str | None:
    """What stands behind the base in a link of a server, to be asked under the base we know; None otherwise.

    A link to anywhere else is not followed: the token would go there, and the answer would be somebody's.

    Args:
        url: the link; relative ones are taken from the search that gave it.
        type_: the type that was searched.
        bases: the base we know, and the one the server believes it has.
    """
    try:
        absolute = urljoin(f"{bases[0]}/{type_}", url)
        steps = unquote(urlsplit(absolute).path).split("/")
    except ValueError:
        return None
    if ".." in steps or "." in steps or " " in absolute or len(absolute) > _LONGEST:
        return None
    if not (absolute.isascii() and absolute.isprintable()):
        return None
    for base in bases:
        rest = absolute.removeprefix(base) if base else absolute
        if rest != absolute and rest[:1] in ("/", "?"):
            return rest.removeprefix("/") or None
    return None
