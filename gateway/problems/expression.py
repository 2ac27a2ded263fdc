"""Expressions."""

from gateway.problems import kind

EXPRESSION_SYNTAX = kind(
    "expression.syntax",
    "The expression cannot be read at {found}",
    "Correct the expression there; the grammar is in docs/reference/mapping.md.",
    "structure",
)
