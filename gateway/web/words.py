"""The words of a request: its query and form as pairs, and the ids that it and its answer are known by."""

import re
from secrets import token_hex
from urllib.parse import parse_qsl

from gateway.problems import refuse
from gateway.problems.http import HTTP_QUERY_LONG, HTTP_QUERY_TEXT
from gateway.web.messages import Pair

MOST_PAIRS = 500

_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def pairs(text: str) -> list[Pair]:
    """Return the names and values of a query string or form, decoded, in order; those without a value too.

    Raises:
        Refused: `http.query-text`, `http.query-long`.
    """
    if not text:
        return []
    if text.count("&") >= MOST_PAIRS:
        raise refuse(HTTP_QUERY_LONG, most=MOST_PAIRS)
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise refuse(HTTP_QUERY_TEXT) from None


def value_of(text: str, name: str) -> str | None:
    """Return the first value of a parameter in a query string, or None where it is not in it."""
    if name not in text:
        return None
    return next((value for key, value in pairs(text) if key == name), None)


def request_id(sent: str | None) -> str:
    """Return the id to echo: what was sent if it is safe to repeat, else a new one."""
    return sent if sent and _SAFE_ID.fullmatch(sent) else token_hex(16)


def correlation_id(sent: str | None) -> str:
    """Return the id to echo, "" where none was sent or it is not safe to repeat."""
    return sent if sent and _SAFE_ID.fullmatch(sent) else ""
