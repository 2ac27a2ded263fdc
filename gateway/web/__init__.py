"""The HTTP door: two FHIR bases, health and metrics."""
