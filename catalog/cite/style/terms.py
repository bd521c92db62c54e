"""The words of a CSL locale: terms in their forms, and dates."""

from __future__ import annotations

from lxml import etree

__all__ = ["CSL", "Terms", "kind_of"]

CSL = "{http://purl.org/net/xbiblio/csl}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# The form taken where a term has not the one asked for (CSL 1.0.2, Locale Files: Terms).
_FALLBACK = {"verb-short": "verb", "symbol": "short", "verb": "long", "short": "long"}


def kind_of(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).removeprefix(CSL)


class Terms:
    """Terms and dates of a style: its own before the locale's."""

    def __init__(self, style: etree._Element, locale: etree._Element, language: str = "en-US"):
        self._terms: dict[tuple[str, str], tuple[str, str]] = {}
        self.dates: dict[str, etree._Element] = {}
        own = {element.get(_LANG): element for element in style.findall(f"{CSL}locale")}
        ordered = [locale, *(own[lang] for lang in (None, language.split("-")[0], language) if lang in own)]
        for source in ordered:
            self._read(source)

    def _read(self, source: etree._Element) -> None:
        for date in source.findall(f"{CSL}date"):
            self.dates[date.get("form", "")] = date
        for term in source.iterfind(f"{CSL}terms/{CSL}term"):
            single, multiple = term.find(f"{CSL}single"), term.find(f"{CSL}multiple")
            words = (term.text, term.text) if single is None or multiple is None else (single.text, multiple.text)
            self._terms[term.get("name", ""), term.get("form", "long")] = (words[0] or "", words[1] or "")

    def word(self, name: str, form: str = "long", *, plural: bool = False) -> str:
        """A term; empty where the locale has none."""
        wanted: str | None = form
        while wanted:
            if (name, wanted) in self._terms:
                return self._terms[name, wanted][plural]
            wanted = _FALLBACK.get(wanted)
        return ""
