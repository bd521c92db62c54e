"""`/robots.txt`: reader's pages may be found; data pages, exports and combinations without end need no crawler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from catalog.site.reading import DATABASE

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["DISALLOWED", "robots"]

# Paths as robots.txt has them (RFC 9309: * any text, $ the end).
DISALLOWED = (f"/{DATABASE}", "/-/", "/feeds/", "/*.json", "/*.atom", "/search?*&")


async def robots(datasette: Datasette, request: Request) -> Response:
    """`/robots.txt`."""
    lines = ["User-agent: *", *(f"Disallow: {datasette.urls.path(path)}" for path in DISALLOWED)]
    return Response.text("\n".join(lines) + "\n", headers={"cache-control": "public, max-age=3600"})
