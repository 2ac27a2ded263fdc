"""Whose certificates are believed: the machine's authorities, or those that `SSL_CERT_FILE` names."""

import ssl
from functools import lru_cache
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH


@lru_cache(maxsize=1)
def authorities() -> str:
    """The file of trusted authorities: `SSL_CERT_FILE`, the system's, else the one `requests` carries."""
    system = ssl.get_default_verify_paths().cafile
    return system if system and Path(system).is_file() else DEFAULT_CA_BUNDLE_PATH
