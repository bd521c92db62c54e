"""A harvest of 50,000 invented records from a PubMed that fails every tenth request in another way.

    python -m benchmarks.faulty_pubmed                        with a key: 10 requests a second
    python -m benchmarks.faulty_pubmed --no-key               without one: 3
    python -m benchmarks.faulty_pubmed --records 3000 --kill  with SIGKILL at random moments, and the catalog's digest

The server is the tests' own, on loopback, over real HTTP, with PubMed's cap of 9,999 and its limits on requests in any
second. Exits 1 where what is kept is not exactly what is served, or the pace was ever too fast.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from catalog.build import build
from catalog.digest import digest
from harvest.eutils import Client, Patience
from harvest.pubmed import Harvested, harvest
from harvest.store import Store
from harvest.topics import Topics, read_topics
from tests.ncbi import FIRST_PMID, PubMed, synthetic_article
from tests.ncbi.server import API_KEY
from tests.ncbi.storm import tenth_request

__all__ = ["PATIENCE", "main"]

PATIENCE = Patience(delays=(0.2, 0.4, 0.8, 1.6, 3.2, 6.4), read=0.8)
TOPIC = """
interventions: [{id: ozone, name: Ozone, words: [ozone]}]
conditions: [{id: back, name: Back, words: [back pain]}]
topics: [{id: ozone, name: Ozone, interventions: [ozone]}]
"""
ONE_RUN = """
import sys
from pathlib import Path
from benchmarks.faulty_pubmed import PATIENCE
from harvest.eutils import Client
from harvest.pubmed import harvest
from harvest.topics import load_topics
with Client(sys.argv[1], patience=PATIENCE) as client:
    harvest(Path(sys.argv[2]), topics=load_topics(Path(sys.argv[3])), client=client)
"""


def _articles(count: int) -> Iterator[bytes]:
    """Gaps between the PMIDs, so that ranges of PMIDs hold different numbers of records."""
    for n in range(count):
        yield synthetic_article(FIRST_PMID + 3 * n + n // 700 * 5000, f"Ozone for back pain, record {n} (invented)")


def _check(pubmed: PubMed, db: Path, limit: int, began: float, runs: int, harvested: Harvested | None) -> list[str]:
    """Prints the figures; returns what is wrong."""
    with Store.read(db) as store:
        kept = Counter(record.pmid for record in store.records())
        differ = sum(1 for record in store.records() if record.raw != pubmed.corpus.get(record.pmid))
        parts = [search.parts for search in store.searches()]
    served = set(pubmed.corpus.pmids())
    failed = Counter(request.fault for request in pubmed.requests if request.fault)
    print(f"records served {len(served):,}, kept {len(kept):,}, kept twice {sum(n > 1 for n in kept.values())}")
    print(f"missing {len(served - set(kept))}, foreign {len(set(kept) - served)}, other bytes {differ}")
    print(f"runs {runs}, parts of the searches {parts}")
    print(f"requests {len(pubmed.requests):,}, of them failed on purpose {failed.total():,} in {len(failed)} ways")
    if harvested is not None:
        print(f"retries {harvested.retries}, exit status {harvested.exit_status}")
    print(f"most requests in any second {pubmed.max_per_second} (limit {limit}), turned away {pubmed.throttled}")
    print(f"seconds {time.monotonic() - began:.0f}")
    wrong = [] if set(kept) == served and not differ and max(kept.values()) == 1 else ["kept is not what is served"]
    return wrong + (["too fast"] if pubmed.max_per_second > limit or pubmed.throttled else [])


def _killed(pubmed: PubMed, folder: Path, *, key: bool) -> int:
    """Runs until one completes, each killed after some seconds; returns how many runs it took."""
    random = Random(1)  # noqa: S311 - no secret
    topics = folder / "topics.yml"
    topics.write_text(TOPIC)
    env = {**os.environ, **({"NCBI_API_KEY": API_KEY} if key else {})}
    command = [sys.executable, "-c", ONE_RUN, pubmed.base_url, str(folder / "pubmed.db"), str(topics)]
    runs = 0
    while True:
        runs += 1
        process = subprocess.Popen(command, env=env)  # noqa: S603 - this project's own code
        try:
            if process.wait(random.uniform(1, 6)) == 0:
                return runs
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _digest(db: Path, topics: Topics) -> str:
    target = db.with_suffix(".catalog")
    build(db, target, topics=topics)
    return digest(target)


def main() -> int:
    """Harvest, print the figures, 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--no-key", action="store_true", help="3 requests a second")
    parser.add_argument("--kill", action="store_true", help="SIGKILL every few seconds until a run completes")
    given = parser.parse_args()
    topics = read_topics(TOPIC, "benchmark.yml")
    limit = 3 if given.no_key else 10
    with tempfile.TemporaryDirectory() as name, PubMed(_articles(given.records), rate=3, key_rate=10) as pubmed:
        folder = Path(name)
        db = folder / "pubmed.db"
        pubmed.eutils.index.refresh()  # the server's own start, not part of the harvest
        pubmed.faults.append(tenth_request())
        began = time.monotonic()
        if given.kill:
            runs = _killed(pubmed, folder, key=not given.no_key)
            wrong = _check(pubmed, db, limit, began, runs, None)
            pubmed.faults.clear()
            with Client(pubmed.base_url, api_key=None if given.no_key else API_KEY) as client:
                harvest(folder / "undisturbed.db", topics=topics, client=client)
            digests = [_digest(path, topics) for path in (db, folder / "undisturbed.db")]
            print(f"catalog digests {digests[0][:16]} and, undisturbed, {digests[1][:16]}")
            wrong += [] if digests[0] == digests[1] else ["another digest"]
        else:
            with Client(pubmed.base_url, api_key=None if given.no_key else API_KEY, patience=PATIENCE) as client:
                harvested = harvest(db, topics=topics, client=client)
            wrong = _check(pubmed, db, limit, began, 1, harvested)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
