"""Other FHIR servers, asked at the moment of the question: in parallel, guarded, merged, accounted for.

    Upstreams    the connected servers; `begin(question, deadline)` sends, `.finish()` waits
    Question     one page of one type about one child
    Told         what one server told
    merge        own rows and theirs as one list; `cursor` says where to go on
    account      what each did, for the OperationOutcome; `strict` makes gaps an error

This room knows nothing of stores, feeds or web requests: values in, values out, and HTTP to elsewhere.
"""

from gateway.upstream.account import account, gaps, strict
from gateway.upstream.asking import Asking, Upstreams, cursor
from gateway.upstream.merge import Cursor, Merged, Row, identifiers, merge
from gateway.upstream.question import Question, Told
from gateway.upstream.values import Upstream

__all__ = [
    "Asking",
    "Cursor",
    "Merged",
    "Question",
    "Row",
    "Told",
    "Upstream",
    "Upstreams",
    "account",
    "cursor",
    "gaps",
    "identifiers",
    "merge",
    "strict",
]
