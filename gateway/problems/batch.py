"""What linking a whole store at once has to say."""

from gateway.problems import kind

BATCH_NOT_INSTALLED = kind(
    "batch.not-installed",
    "Linking all at once needs DuckDB, and it is not installed",
    "Run `pip install fhirgate[batch]`, or leave out --batch: the outcome is the same.",
    "exception",
    503,
)
