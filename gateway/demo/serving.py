"""The demo's own server: on loopback alone, with invented children, it answers without a token.

It is no command and no setting, so that a gateway with real children can never be served like this.
"""

import os
import sys

from flask import Flask

from gateway.app import create_app
from gateway.web.server import serve


def open_app() -> Flask:
    """The application over the settings that GATEWAY_CONFIG names, for whoever asks from this computer."""
    return create_app(os.environ["GATEWAY_CONFIG"], demo=True)


if __name__ == "__main__":
    serve("gateway.demo.serving:open_app", "127.0.0.1", int(sys.argv[1]))
