"""The frame that every page of ours stands in: the templates, their language, and who is looking."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler

import connectors
from actions.mask import mask
from bot.access import SETTINGS, scopes_of, visitor_of
from bot.login import LOGINS

Translations = Callable[[str], NullTranslations]
PAGES = Path(__file__).parent / "pages"
LANG = web.RequestKey("lang", str)
_LANG: ContextVar[str] = ContextVar("lang")


def set_up_pages(app: web.Application, translations: Translations) -> None:
    """Give the application the templates of the program and of its connectors."""
    env = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader([PAGES, Path(connectors.__file__).parent / "pages"]),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        filters={"masked": mask},
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: translations(_LANG.get()).gettext(text),
        lambda one, many, n: translations(_LANG.get()).ngettext(one, many, n),
        newstyle=True,
    )


def render(request: web.Request, name: str, words: Mapping[str, Any], status: int = 200) -> web.Response:
    """A page in the language of the request."""
    return aiohttp_jinja2.render_template(name, request, {**_common(request), **words}, status=status)


@web.middleware
async def language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Settle the language before anything is said."""
    choose_language(request)
    return await handler(request)


def choose_language(request: web.Request) -> None:
    """What `?lang=` asks for, or the settings' own."""
    asked = {"en": "en", "zh": "zh_CN", "zh_CN": "zh_CN"}.get(request.query.get("lang", ""))
    request[LANG] = asked or request.app[SETTINGS].lang
    _LANG.set(request[LANG])


def _common(request: web.Request) -> dict[str, Any]:
    logins = request.app[LOGINS]
    visitor = visitor_of(request)
    lang = request[LANG]
    return {
        "lang": lang,
        "html_lang": lang.replace("_CN", "-CN"),
        "in_lang": f"?lang={lang}" if "lang" in request.query else "",
        # The query alone: a path of the visitor's making could lead elsewhere.
        "other_lang": "?lang=en" if lang == "zh_CN" else "?lang=zh_CN",
        "visitor": visitor,
        "may": {scope.value for scope in scopes_of(request)},
        "form_token": logins.form_token(visitor) if visitor else "",
    }
