"""All SQL, behind one Protocol."""
