"""A PubMed that runs on loopback: NCBI's E-utilities over real HTTP, on records of one's own.

    with PubMed(synthetic_corpus(500), rate=1000) as pubmed:
        requests.get(pubmed.base_url + "esearch.fcgi", params={"db": "pubmed", "term": "prolotherap*[tiab]"})

By hand: `python -m tests.ncbi --help`. It imports nothing of `harvest` or `catalog`: it is the independent other side,
so that a mistake in ours does not answer itself.

corpus.py      the records as sent, what came after what          document.py   what is searchable in one record
index.py       words, phrases, proximity, dates over documents    query.py      PubMed's search syntax, read into a tree
evaluate.py    a tree and an index to PMIDs and messages           fields.py     search tags        mesh.py   headings
eutils.py      esearch, efetch, epost, einfo                       bodies.py     answers as NCBI writes them
history.py     WebEnv and query keys                               medline.py    MEDLINE text
faults.py      everything that can go wrong                        schedules.py   when it does, `--fault`
storm.py       every tenth request failing in another way
server.py      HTTP, pacing, the request log                       reply.py       one answer on its way
synthetic.py   invented records, on and off our topic              fixtures.py   a plain pytest fixture
"""

from __future__ import annotations

from tests.ncbi.corpus import Corpus
from tests.ncbi.server import PubMed, Request
from tests.ncbi.synthetic import FIRST_PMID, synthetic_article, synthetic_corpus, synthetic_records

__all__ = ["FIRST_PMID", "Corpus", "PubMed", "Request", "synthetic_article", "synthetic_corpus", "synthetic_records"]
