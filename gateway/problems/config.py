"""Settings and the command line."""

from gateway.problems import kind

CONFIG_UNKNOWN = kind(
    "config.unknown-setting",
    "There is no setting called {name}",
    "{near}All settings: docs/reference/settings.md.",
    "not-supported",
)
CONFIG_VALUE = kind("config.value", "{name} cannot be {given}", "{name} takes {takes}.", "value")
CONFIG_MISSING = kind("config.missing", "{name} is not set", "Looked in: {looked}.", "required")
CONFIG_UNREADABLE = kind(
    "config.unreadable",
    "The configuration file cannot be read",
    "{reason}. {do} and run the command again.",
    "structure",
)
