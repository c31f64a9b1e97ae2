"""Phrases: every sentence that a person sees, in the language of the group.

English stands in the code, the other languages in `bot/locale/LANG/linli.po`, which is read as it is:
there is nothing to compile. `make messages` finds new sentences (Babel).
"""

from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh_CN", "en")
Gettext = Callable[[str], str]


@cache
def translations(lang: str) -> NullTranslations:
    """The catalogue of a language; a language that there is none for gets English."""
    source = files("bot") / "locale" / lang / "linli.po"
    if lang not in LANGUAGES or not source.is_file():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source.read_bytes()), locale=lang))
    compiled.seek(0)
    return GNUTranslations(compiled)


def gettext(lang: str) -> Gettext:
    """The function that says an English sentence in `lang`."""
    return translations(lang).gettext
