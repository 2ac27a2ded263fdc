"""Other FHIR servers, asked at the moment of the question."""
