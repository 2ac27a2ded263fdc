"""A whole store linked at once, with the same weights: needs the extra `batch` (DuckDB, Splink).

blocks     which records share a key, found by DuckDB
packed     persons in little memory
everyone   both together: what `fhirgate link --batch` looks things up in
splink     the weights as Splink has them, where it can
"""
