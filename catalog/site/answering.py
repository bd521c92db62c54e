"""What every reader's page has in common: who may ask, how a page or JSON goes out, how trouble is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Forbidden, Request, Response
from jinja2 import Environment

from catalog.site.belongings import belonging
from catalog.site.headers import PAGE_POLICY
from catalog.site.reading import DATABASE, NoCatalog, TooSlow, reader_of
from catalog.site.remembering import KEEP

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["View", "html_answer", "html_response", "json_answer", "message", "page", "permitted", "posting", "rendered"]

View = Callable[["Datasette", Request], Awaitable[Response]]


def page(view: View) -> View:
    """A view of ours: answers GET and HEAD, keeps Datasette's permissions, and says plainly what is wrong."""
    return _answering(view, ("GET", "HEAD"))


def posting(view: View) -> View:
    """The same, and answers POST: what is handed in is answered and forgotten."""
    return _answering(view, ("GET", "HEAD", "POST"))


def _answering(view: View, methods: tuple[str, ...]) -> View:
    @wraps(view)
    async def answer(datasette: Datasette, request: Request) -> Response:
        if request.method not in methods:
            allowed = ", ".join(methods)
            return Response.text(f"This address answers {allowed}.\n", status=405, headers={"allow": allowed})
        try:
            await permitted(datasette, request)
            response = await view(datasette, request)
            if request.actor is None:  # anyone may see it: it may be kept
                request.scope.get(KEEP, []).append(True)
        except NoCatalog as missing:
            return await message(datasette, request, 503, "There is no catalog here", str(missing))
        except TooSlow:
            text = "The search took too long. Search for more particular words, or narrow it with a filter."
            return await message(datasette, request, 503, "That took too long", text)
        return response

    # Datasette looks at the names of the arguments.
    del answer.__wrapped__
    return answer


async def permitted(datasette: Datasette, request: Request, *actions: str) -> None:
    """Whoever may not see the database through Datasette, or do more with it, may not here. Raises Forbidden."""
    asked = (("view-instance", None), ("view-database", DATABASE), *((action, DATABASE) for action in actions))
    allowed = getattr(datasette, "permission_allowed", None)
    if allowed is None:  # Datasette 1.0
        from datasette.resources import DatabaseResource

        for action, name in asked:
            resource = DatabaseResource(name) if name else None
            if not await datasette.allowed(action=action, resource=resource, actor=request.actor):
                raise Forbidden(action)
        return
    for action, name in asked:
        if await allowed(request.actor, action, resource=name, default=True) is False:
            raise Forbidden(action)


async def html_answer(
    datasette: Datasette, request: Request, template: str, context: dict[str, Any], status: int = 200
) -> Response:
    """A page from one of our templates, which also knows the catalog's `facts`."""
    return html_response(rendered(datasette, request, template, context), status)


def html_response(body: str, status: int = 200) -> Response:
    """A rendered page as an answer."""
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"}
    return Response.html(body, status=status, headers=headers)


def rendered(datasette: Datasette, request: Request, template: str, context: dict[str, Any]) -> str:
    """One of our templates, filled."""
    known = {
        "facts": reader_of(datasette).known,
        "urls": _Urls(datasette),
        "request": request,
    }
    body: str = _templates_of(datasette).get_template(template).render({**known, **context})
    return body


class _Urls:
    """Datasette's `urls`; its `path`, which a list asks for a hundred times, looks the base address up but once."""

    def __init__(self, datasette: Datasette):
        self._urls = datasette.urls
        self._base: str = datasette.setting("base_url")

    def path(self, path: str) -> str:
        """An address of the site under its base address."""
        return self._base + path.removeprefix("/")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._urls, name)


def _templates_of(datasette: Datasette) -> Environment:
    """Datasette's templates, run without await: a list renders in a third of the time, and none of ours awaits."""

    def ours() -> Environment:
        theirs = getattr(datasette, "jinja_env", None) or datasette.get_jinja_environment()  # the latter: Datasette 1.0
        overlaid: Environment = theirs.overlay(enable_async=False)
        return overlaid

    return belonging(datasette, Environment, ours)


def json_answer(answer: dict[str, Any], status: int = 200) -> Response:
    """JSON that is asked for anew each time."""
    response = Response.json(answer, status=status)
    response.headers["cache-control"] = "no-cache"
    return response


async def message(datasette: Datasette, request: Request, status: int, title: str, text: str) -> Response:
    """What went wrong and what to do, as a page or, at an address ending in .json, as JSON."""
    if request.path.endswith(".json"):
        return json_answer({"ok": False, "error": text}, status)
    return await html_answer(datasette, request, "catalog_message.html", {"title": title, "text": text}, status)
