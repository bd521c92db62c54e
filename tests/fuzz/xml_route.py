"""A coverage-guided fuzz of the XML route: any bytes, cut, parsed and tagged, by the promises of invariants.py.

It needs atheris, which is no dependency of the project; give it an environment of its own (Python 3.11 to 3.13):

    python3 -m venv fuzz-env
    fuzz-env/bin/pip install --require-hashes -r requirements.lock
    fuzz-env/bin/pip install atheris==3.0.0

From the top of a checkout, for twenty minutes (other options are libFuzzer's; -help=1 lists them):

    fuzz-env/bin/python -m tests.fuzz.xml_route CORPUS [FILE.xml[.gz] ...] -max_total_time=1200

CORPUS is a folder for what the fuzzer finds worth keeping. Seeds are written into it first: the bundled sample cut into
records, odd invented ones, and the records of each FILE. A find stops it and is written to `crash-...`:

    fuzz-env/bin/python -m tests.fuzz.xml_route CORPUS --only crash-...

shows it again. Reduce it by hand or with `-minimize_crash=1`, and add it to tests/test_properties.py.
"""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.fuzz.pieces import ODD, SYNTAX

__all__ = ["main"]

try:
    atheris: Any = importlib.import_module("atheris")
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "atheris is missing: it is no dependency of the project, tests/fuzz/xml_route.py says how to install it"
    ) from error

LARGEST = 2**15


def main(arguments: Sequence[str]) -> int:
    """Write the seeds, then fuzz until told to stop; `--only FILE` runs one input with nothing around it."""
    named = [argument for argument in arguments if not argument.startswith("-")]
    if not named:
        print(__doc__, file=sys.stderr)
        return 2
    corpus = Path(named[0])
    corpus.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["harvest", "catalog"]):
        check = _checks()
    if "--only" in arguments:
        check(Path(arguments[arguments.index("--only") + 1]).read_bytes())
        return 0
    for seed in _seeds([Path(name) for name in named[1:]]):
        corpus.joinpath(hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    words = corpus.with_name(corpus.name + ".dict")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in (*SYNTAX, *ODD) if word), "ascii")
    options = [argument for argument in arguments if argument.startswith("-")]
    flags = [f"-dict={words}", f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=4096", *options]
    atheris.Setup([sys.argv[0], str(corpus), *flags], check, custom_mutator=_mutated)
    atheris.Fuzz()
    return 0


def _checks() -> Callable[[bytes], None]:
    """What is done with each input. Imports the project, so it is called where imports are instrumented."""
    invariants = importlib.import_module("tests.fuzz.invariants")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))

    def check(data: bytes) -> None:
        found = invariants.check_stream(data)
        for element in found[:3]:
            record = invariants.check_element(element)
            if record is not None:
                invariants.check_tags(record, element.raw)
        if not found:
            invariants.check_record(data)
        invariants.check_neighbours(data)
        turn = crc32(data)  # by the content, so that a find can be shown again
        if turn % 8 == 0:
            invariants.check_stream(data, limit=1 + len(data) // 2)
            invariants.check_gzip(data * (1 + turn // 8 % 97), folder)

    return check


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in word.encode())


# Seeds


def _seeds(files: Sequence[Path]) -> Iterator[bytes]:
    stream = importlib.import_module("harvest.stream")
    sample = resources.files("catalog.sample").joinpath("sample.xml")
    with resources.as_file(sample) as path:
        for file in (path, *files):
            with stream.open_xml(file) as opened:
                for element in stream.elements(opened):
                    if len(element.raw) <= LARGEST:
                        yield element.raw
    head, tail = b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n', b"</PubmedArticleSet>\n"
    record = (
        b"<PubmedArticle><MedlineCitation><PMID>970000001</PMID><Article>%s</Article></MedlineCitation></PubmedArticle>"
    )
    for odd in ODD:
        text = odd.replace("<", "&lt;").replace(">", "&gt;").encode()
        title = b"<ArticleTitle>Ozone %s for back pain</ArticleTitle>" % text
        yield record % (title + b'<Abstract><AbstractText Label="%s">%s</AbstractText></Abstract>' % (text, text))
        yield record % (b"<Journal><JournalIssue><PubDate><Year>%s</Year></PubDate></JournalIssue></Journal>" % text)
    for syntax in SYNTAX:
        yield head + record % (b"<ArticleTitle>a%sb</ArticleTitle>" % syntax.encode()) + tail
        yield head + record % b"" + syntax.encode() + record % b"" + tail
    yield head + b"<DeleteCitation><PMID>970000001</PMID><PMID Version='1'>970000002</PMID></DeleteCitation>" + tail
    yield (
        b"<PubmedBookArticle><BookDocument><PMID>970000003</PMID><Book><BookTitle>Invented</BookTitle><AuthorList "
        b'Type="editors"><Author><LastName>Muster</LastName></Author></AuthorList></Book></BookDocument>'
        b"</PubmedBookArticle>"
    )
    yield from (
        b"",
        b"<PubmedArticleSet/>",
        b"\xef\xbb\xbf<PubmedArticleSet/>",
        b"\xff\xfe<\0",
        b'{"error":"x"}',
        b"<html>",
    )


def _mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """What libFuzzer tries next: more than half the time a change of the tree, else one of the bytes."""
    chance = random.Random(seed)  # noqa: S311 - guards nothing
    mutate = importlib.import_module("tests.fuzz.mutate")
    if chance.random() < 0.6:
        changed: bytes | None = mutate.tree_changed(data, chance)
        if changed is not None and len(changed) <= max_size:
            return changed
    mutated: bytes = (
        mutate.spliced(data, chance)[:max_size] if chance.random() < 0.3 else atheris.Mutate(data, max_size)
    )
    return mutated


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
