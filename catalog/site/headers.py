"""What every answer carries beside its body: what a browser may do with it, and whether its records are invented."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from catalog.site.facts import SAMPLE_NOTICE
from catalog.site.reading import NoCatalog, TooSlow, reader_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["PAGE_POLICY", "with_headers"]

Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

# Our own pages: one style sheet of ours and nothing else. No script, no frame, nothing from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Datasette's pages hold scripts and styles in the page; still nothing from elsewhere, and no frame around them.
_DATA_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",  # what somebody searched here is no other site's business
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"content-security-policy": _DATA_POLICY.encode(),
}


def with_headers(datasette: Datasette, app: App) -> App:
    """The app with headers added to each answer that does not carry them already."""

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                present = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in _ALWAYS.items() if name not in present]
                if await _is_sample(datasette):
                    headers.append((b"x-catalog-sample", SAMPLE_NOTICE.encode()))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped


async def _is_sample(datasette: Datasette) -> bool:
    reader = reader_of(datasette)
    try:
        facts = reader.known or await reader.facts()
    except (NoCatalog, TooSlow):
        return False
    return facts.about.sample
