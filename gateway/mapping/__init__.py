"""From one source record to FHIR resources: file, check, compile, translate, explain. No input or output."""
