"""Other FHIR servers: what each did when it was asked. `{name}` is what the server is called in the settings."""

from gateway.problems import kind

# what an upstream did, where nothing is missing

UPSTREAM_ANSWERED = kind(
    "upstream.answered",
    "{name} was asked just now and answered in {ms} ms: {count} found",
    "Nothing to do.",
    "informational",
    200,
    "information",
)
UPSTREAM_UNKNOWN_CHILD = kind(
    "upstream.unknown-child",
    "{name} was asked just now and knows no Patient with the child's NHS number",
    "Nothing to do. If the child is a patient there, ask that service whether it has traced the NHS number.",
    "informational",
    200,
    "information",
)
UPSTREAM_NOT_ASKED = kind(
    "upstream.not-asked",
    "{name} was not asked: {reason}",
    "Nothing to do, unless the answer should have come from there: then see the upstreams in the settings.",
    "informational",
    200,
    "information",
)
UPSTREAM_DUPLICATES = kind(
    "upstream.duplicates",
    "{count} results of {name} were also told by another source and are shown once",
    "Nothing to do.",
    "informational",
    200,
    "information",
)

# gaps: something may be missing; an error with `Prefer: handling=strict`

UPSTREAM_TIMEOUT = kind(
    "upstream.timeout",
    "{name} did not answer within {ms} ms; what it holds is missing here",
    "Ask again in a moment, or ask {name} directly.",
    "timeout",
    504,
    "warning",
)
UPSTREAM_UNREACHABLE = kind(
    "upstream.unreachable",
    "{name} cannot be reached; what it holds is missing here",
    "Ask again in a moment; if it lasts, check upstreams.*.base_url and the network to {name}.",
    "transient",
    502,
    "warning",
)
UPSTREAM_REFUSED = kind(
    "upstream.refused",
    "{name} accepts no connection; what it holds is missing here",
    "Ask again in a moment; if it lasts, the service there is down or upstreams.*.base_url has the wrong port.",
    "transient",
    502,
    "warning",
)
UPSTREAM_UNTRUSTED = kind(
    "upstream.untrusted",
    "{name} cannot prove who it is (its TLS certificate is not trusted); nothing was asked of it",
    "Check the certificate of {name}, or trust its authority through SSL_CERT_FILE.",
    "security",
    502,
    "warning",
)
UPSTREAM_RESET = kind(
    "upstream.reset",
    "{name} broke the connection off; what it holds is missing here",
    "Ask again in a moment.",
    "transient",
    502,
    "warning",
)
UPSTREAM_STATUS = kind(
    "upstream.status",
    "{name} answered with HTTP {status}; what it holds is missing here",
    "Ask again in a moment; if it lasts, tell those who run {name}.",
    "exception",
    502,
    "warning",
)
UPSTREAM_THROTTLED = kind(
    "upstream.throttled",
    "{name} answers no more questions for now (HTTP {status}); what it holds is missing here",
    "Ask again later.",
    "throttled",
    503,
    "warning",
)
UPSTREAM_DENIED = kind(
    "upstream.denied",
    "{name} did not let the gateway in (HTTP {status}); what it holds is missing here",
    "Check upstreams.*.token and what {name} grants to it.",
    "security",
    502,
    "warning",
)
UPSTREAM_NONSENSE = kind(
    "upstream.nonsense",
    "{name} answered something that is not a FHIR search result ({reason}); what it holds is missing here",
    "Check that upstreams.*.base_url is the FHIR R4 base of {name}.",
    "structure",
    502,
    "warning",
)
UPSTREAM_TOO_LARGE = kind(
    "upstream.too-large",
    "{name} answered with more than {most} bytes, which were not read; what it holds is missing here",
    "Ask for fewer results (_count), or narrow the question by date or code.",
    "too-long",
    502,
    "warning",
)
UPSTREAM_OTHER_CHILD = kind(
    "upstream.other-child",
    "{name} answered with a Patient that is another person by {differs}; nothing of it is shown",
    "Have the NHS number checked against PDS, there and here, before anything of {name} is used.",
    "conflict",
    502,
    "warning",
)
UPSTREAM_CANNOT_TELL = kind(
    "upstream.cannot-tell",
    "Whether the Patient of {name} is this child cannot be told without {missing}; nothing of it is shown",
    "Load a record of the child that has it, or ask {name} directly.",
    "incomplete",
    502,
    "warning",
)
UPSTREAM_AMBIGUOUS = kind(
    "upstream.ambiguous",
    "{name} has several Patients with the child's NHS number; nothing of them is shown",
    "Tell those who run {name}: the records there have to be merged or corrected.",
    "multiple-matches",
    502,
    "warning",
)
UPSTREAM_OTHER_SUBJECT = kind(
    "upstream.other-subject",
    "{count} results of {name} are about somebody else and are not shown",
    "Tell those who run {name}: its search answers with other people's records.",
    "conflict",
    502,
    "warning",
)
UPSTREAM_OTHER_TYPE = kind(
    "upstream.other-type",
    "{count} results of {name} are not what was asked for, or cannot be read, and are not shown",
    "Tell those who run {name}.",
    "structure",
    502,
    "warning",
)
UPSTREAM_INCOMPLETE = kind(
    "upstream.incomplete",
    "{name} holds more than was read ({reason}); the list here is not complete",
    "Narrow the question by date or code, or ask {name} directly.",
    "incomplete",
    502,
    "warning",
)
UPSTREAM_FILTER = kind(
    "upstream.filter-ignored",
    "{name} did not apply {filters}; nothing of it is shown, because it would not be what was asked",
    "Ask without that parameter, or ask {name} directly.",
    "not-supported",
    502,
    "warning",
)
UPSTREAM_UNCONFIRMED = kind(
    "upstream.unconfirmed",
    "{name} found nothing and does not say whether it understood {filters}",
    "Ask again without that parameter to see whether {name} holds anything.",
    "incomplete",
    502,
    "warning",
)
UPSTREAM_SAID = kind(
    "upstream.said",
    "{name} adds a warning of its own to its answer ({codes})",
    "If the answer looks incomplete, ask {name} directly.",
    "incomplete",
    502,
    "warning",
)
UPSTREAM_NOT_R4 = kind(
    "upstream.not-r4",
    "{name} does not say that it is a FHIR R4 server: {reason}",
    "Check that upstreams.*.base_url is the FHIR R4 base of {name}.",
    "not-supported",
    502,
    "warning",
)
UPSTREAM_SETTING = kind(
    "upstream.setting",
    "The upstream {name} cannot be asked: {reason}",
    "Correct upstreams.{name} in the settings: {do}.",
    "value",
)
