"""`python -m catalog.serving.probe`: 0 where the site on this machine's CATALOG_PORT serves, else 1. For containers."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

__all__ = ["main"]


def main() -> int:
    """Ask for health once."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("CATALOG_PORT") or 8001), timeout=4)
    try:
        connection.request("GET", "/-/health")
        return int(connection.getresponse().status != 200)
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
