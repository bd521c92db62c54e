"""Finding what a vocabulary names in the words of a text. The texts are read once, whatever the vocabulary's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harvest.words import Words

if TYPE_CHECKING:
    from harvest.topics import Abbreviation, Concept, Near, Phrase

__all__ = ["Found", "Matcher"]

# Words remembered with what may begin at them, some 5 MB; then remembering begins anew.
MOST_WORDS = 30_000


class Found(NamedTuple):
    """A concept named at a place, in code points; `tags` and `searched` are those of the words that name it."""

    concept: str
    start: int
    end: int
    tags: bool
    searched: bool


class _Heads(NamedTuple):
    """What may be named where one word stands: each with the id of its concept."""

    exact: tuple[tuple[str, Phrase], ...]
    stems: tuple[tuple[str, Phrase], ...]
    near: tuple[tuple[str, Near], ...]
    vetoes: tuple[tuple[str, Phrase], ...]
    abbreviations: tuple[tuple[str, Abbreviation], ...]


class Matcher:
    """The patterns of a vocabulary by their first word."""

    def __init__(self, concepts: Iterable[Concept], shortest_stem: int) -> None:
        self._shortest = shortest_stem
        self._exact: dict[str, list[tuple[str, Phrase]]] = {}
        self._stems: dict[str, list[tuple[str, Phrase]]] = {}  # one-word stems, by their first letters
        self._near: dict[str, list[tuple[str, Near]]] = {}
        self._vetoes: dict[str, list[tuple[str, Phrase]]] = {}
        self._abbreviations: dict[str, list[tuple[str, Abbreviation]]] = {}
        for concept in concepts:
            for phrase in concept.phrases:
                if len(phrase.words) == 1 and phrase.prefix:
                    self._stems.setdefault(phrase.words[0][:shortest_stem], []).append((concept.id, phrase))
                else:
                    self._exact.setdefault(phrase.words[0], []).append((concept.id, phrase))
            for phrase in concept.not_in:
                self._vetoes.setdefault(phrase.words[0], []).append((concept.id, phrase))
            for near in concept.nears:
                for word in near.first:
                    self._near.setdefault(word, []).append((concept.id, near))
            for abbreviation in concept.abbreviations:
                self._abbreviations.setdefault(abbreviation.word.lower(), []).append((concept.id, abbreviation))
        self._heads_of = _Remembered(self._heads)

    def usable(self, texts: Sequence[Words]) -> dict[str, list[str]]:
        """The abbreviations whose companions stand anywhere in a record (PubMed's AND), each with its concepts."""
        vocabulary = {word for text in texts for word in text.words}
        usable: dict[str, list[str]] = {}
        for word, entries in self._abbreviations.items():
            if word not in vocabulary:
                continue
            for concept, abbreviation in entries:
                if any(_stands(companion, texts, vocabulary) for companion in abbreviation.companions):
                    usable.setdefault(word, []).append(concept)
        return usable

    def find(self, text: Words, usable: Mapping[str, Sequence[str]]) -> list[Found]:
        """Every concept named in a text, in reading order; what a longer phrase takes back does not tag."""
        words, heads_of = text.words, self._heads_of
        found: dict[Found, None] = {}
        vetoes: list[tuple[str, int, int]] = []
        for i, heads in [(i, heads) for i, word in enumerate(words) if (heads := heads_of[word]) is not None]:
            for concept, phrase in heads.exact:
                if _at(words, i, phrase):
                    span = text.span(i, i + len(phrase.words) - 1)
                    found[Found(concept, *span, phrase.tags, phrase.searched)] = None
            for concept, phrase in heads.stems:
                found[Found(concept, *text.span(i, i), phrase.tags, phrase.searched)] = None
            for concept, near in heads.near:
                j = _neighbour(words, i, near)
                if j is not None:
                    found[Found(concept, *text.span(min(i, j), max(i, j)), tags=True, searched=True)] = None
            for concept, phrase in heads.vetoes:
                if _at(words, i, phrase):
                    vetoes.append((concept, *text.span(i, i + len(phrase.words) - 1)))
            for concept in usable.get(words[i], ()) if heads.abbreviations else ():
                found[Found(concept, *text.span(i, i), tags=True, searched=True)] = None
        kept = sorted(found, key=lambda f: (f.start, f.end, f.concept))
        if not vetoes:
            return kept
        return [f._replace(tags=False) if f.tags and _covered(f, vetoes) else f for f in kept]

    def _heads(self, word: str) -> _Heads | None:
        """What may begin at a word; None for most words."""
        stems = self._stems.get(word[: self._shortest], ())
        heads = _Heads(
            tuple(self._exact.get(word, ())),
            tuple((concept, phrase) for concept, phrase in stems if word.startswith(phrase.words[0])),
            tuple(self._near.get(word, ())),
            tuple(self._vetoes.get(word, ())),
            tuple(self._abbreviations.get(word, ())),
        )
        return heads if any(heads) else None


class _Remembered(dict[str, "_Heads | None"]):
    """What may begin at each word, worked out when it is first met."""

    def __init__(self, heads: Callable[[str], _Heads | None]) -> None:
        super().__init__()
        self._heads = heads

    def __missing__(self, word: str) -> _Heads | None:
        if len(self) >= MOST_WORDS:
            self.clear()
        found = self[word] = self._heads(word)
        return found


def _covered(found: Found, vetoes: Iterable[tuple[str, int, int]]) -> bool:
    """Whether a longer phrase takes the words back."""
    return any(c == found.concept and s <= found.start and found.end <= e for c, s, e in vetoes)


def _stands(phrase: Phrase, texts: Iterable[Words], vocabulary: set[str]) -> bool:
    """Whether a phrase stands in some text; `vocabulary` holds the words of all."""
    first = phrase.words[0]
    if len(phrase.words) == 1 and phrase.prefix:
        return any(word.startswith(first) for word in vocabulary)
    if first not in vocabulary:
        return False
    return any(_at(text.words, i, phrase) for text in texts for i, word in enumerate(text.words) if word == first)


def _at(words: Sequence[str], i: int, phrase: Phrase) -> bool:
    """Whether the phrase stands at word i."""
    wanted = phrase.words
    if i + len(wanted) > len(words):
        return False
    last = len(wanted) - 1
    for k, word in enumerate(wanted):
        have = words[i + k]
        if have != word and not (phrase.prefix and k == last and have.startswith(word)):
            return False
    return True


def _neighbour(words: Sequence[str], i: int, near: Near) -> int | None:
    """The nearest word of the second group, at most `within` words away from word i."""
    for distance in range(1, near.within + 2):
        for j in (i + distance, i - distance):
            if 0 <= j < len(words) and words[j] in near.second:
                return j
    return None
