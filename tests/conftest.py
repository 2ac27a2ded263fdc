"""What every test may ask for: foreign FHIR servers, and one that misbehaves on demand (see tests/peers)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from liar import liar  # noqa: F401
from peers import hapi, medplum  # noqa: F401
