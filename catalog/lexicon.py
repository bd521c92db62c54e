"""What a searcher's words stand for, written into the catalog: spellings, synonyms, and the words its papers hold.

The site's search reads only the catalog, so that another vocabulary is another search without a line of code.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from harvest.topics import Topics
from harvest.words import tokens
from harvest.yamlfile import load_yaml

__all__ = ["LONGEST_WORD", "Lexicon", "index_texts", "lexicon", "write_lexicon"]

# In a catalog larger than this a word of one paper alone is more often a slip than a word: no one is advised to use it.
LARGE = 10_000
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lexicon of medicine at large (lexicon.yml)."""

    spellings: tuple[tuple[str, str], ...]
    letters: tuple[tuple[str, str], ...]
    synonyms: tuple[tuple[str, ...], ...]
    unsearched: tuple[str, ...]
    values: tuple[tuple[str, str, str], ...]  # facet, value, what may be typed for it


@cache
def lexicon() -> Lexicon:
    """The bundled lexicon."""
    data: dict[str, Any] = load_yaml(resources.files("catalog").joinpath("lexicon.yml").read_text("utf-8"))
    return Lexicon(
        tuple((one, other) for one, other in data["spellings"]),
        tuple(data["letters"].items()),
        tuple(tuple(same) for same in data["synonyms"]),
        tuple(data["unsearched"].split()),
        tuple(
            (facet, value, typed)
            for facet, values in data["values"].items()
            for value, texts in values.items()
            for typed in texts
        ),
    )


def write_lexicon(conn: sqlite3.Connection, topics: Topics) -> None:
    """Write spellings, synonyms (the subject's own first) and the rest of what a search must know of words."""
    known = lexicon()
    rules = [("spelling", *pair) for pair in known.spellings] + [("letter", *pair) for pair in known.letters]
    conn.executemany("INSERT INTO spellings VALUES (?, ?, ?, ?)", [(i, *rule) for i, rule in enumerate(rules, 1)])
    conn.executemany(
        "INSERT INTO synonyms VALUES (?, ?, ?, ?)",
        [
            (meaning, position, text, source)
            for meaning, (source, same) in enumerate(_synonyms(topics), 1)
            for position, text in enumerate(same, 1)
        ],
    )
    conn.executemany("INSERT INTO unsearched VALUES (?)", [(word,) for word in sorted(set(known.unsearched))])
    conn.executemany("INSERT INTO typed_values VALUES (?, ?, ?)", known.values)


def _synonyms(topics: Topics) -> list[tuple[str, tuple[str, ...]]]:
    """(vocabulary or lexicon, texts of one meaning). A concept's `short` that abbreviates it is one."""
    found: dict[tuple[str, ...], str] = {}
    for concept in (*topics.interventions, *topics.conditions):
        said = {_folded(text) for same in concept.synonyms for text in same}
        for same in concept.synonyms:
            found.setdefault(same, "vocabulary")
        short = _folded(concept.short)
        name = concept.name.split(",")[0]
        if short not in said and short != _folded(name) and short in {_folded(a.word) for a in concept.abbreviations}:
            found.setdefault((name, concept.short), "vocabulary")
    for same in lexicon().synonyms:
        found.setdefault(same, "lexicon")
    return [(source, same) for same, source in found.items()]


def _folded(text: str) -> tuple[str, ...]:
    return tuple(token.word for token in tokens(text))


def index_texts(conn: sqlite3.Connection) -> None:
    """Make the full-text index and the table of its words; takes no transaction."""
    conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('rebuild')")
    conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('optimize')")
    _write_words(conn)


def _write_words(conn: sqlite3.Connection) -> None:
    """Write the words of the full-text index as papers spell them, each with its stem and how many papers hold it.

    The index itself keeps stems alone ("degen" of "degenerative"): a search for `degenerat*`, or advice on a slip,
    needs the words.
    """
    papers = conn.execute("SELECT count(*) FROM articles").fetchone()[0]
    conn.executescript(
        """
        CREATE VIRTUAL TABLE temp.spelled USING fts5(text, content='', detail=none,
            tokenize='unicode61 remove_diacritics 2');
        INSERT INTO spelled(rowid, text)
            SELECT pmid, coalesce(title, '') || ' ' || coalesce(abstract, '') || ' ' || coalesce(authors, '') || ' '
                || coalesce(journal, '') || ' ' || coalesce(subjects, '') FROM articles_text;
        CREATE VIRTUAL TABLE temp.spelled_words USING fts5vocab('temp', 'spelled', 'row');
        CREATE VIRTUAL TABLE temp.stemmed USING fts5(word, content='',
            tokenize='porter unicode61 remove_diacritics 2');
        CREATE VIRTUAL TABLE temp.stems USING fts5vocab('temp', 'stemmed', 'instance');
        CREATE TABLE temp.kept (id INTEGER PRIMARY KEY, word TEXT, papers INTEGER);
        """
    )
    # Numbers are no words, unless they carry a letter no keyboard has (an index as in O₂).
    conn.execute(
        "INSERT INTO kept(word, papers) SELECT term, doc FROM spelled_words WHERE doc >= ? AND length(term) <= ?"
        " AND (term NOT GLOB '*[0-9]*' OR term GLOB '*[^ -~]*') ORDER BY term",
        (2 if papers > LARGE else 1, LONGEST_WORD),
    )
    conn.execute("INSERT INTO stemmed(rowid, word) SELECT id, word FROM kept ORDER BY id")
    conn.execute(
        "INSERT INTO words SELECT k.word, s.term, k.papers FROM stems s JOIN kept k ON k.id = s.doc ORDER BY k.id"
    )
    for name in ("spelled_words", "stems", "spelled", "stemmed", "kept"):
        conn.execute(f"DROP TABLE temp.{name}")
