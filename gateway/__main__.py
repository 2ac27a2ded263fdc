"""`python -m gateway` is `fhirgate`."""

from gateway.cli import main

if __name__ == "__main__":
    main()
