"""All SQL of the house: what was told, by whom and when, and how it is found again."""
