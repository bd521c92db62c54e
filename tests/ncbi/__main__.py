"""Start the loopback PubMed by hand: `python -m tests.ncbi --help`."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from tests.ncbi.corpus import Corpus, CorpusError
from tests.ncbi.schedules import FaultError, parse_fault
from tests.ncbi.server import API_KEY, PubMed
from tests.ncbi.synthetic import synthetic_corpus


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.ncbi", description="A PubMed that runs on loopback.")
    parser.add_argument("--port", type=int, default=8765, help="default 8765; 0 for any free one")
    parser.add_argument("--corpus", type=Path, nargs="+", default=[], metavar="FILE_OR_DIR", help=".xml, .xml.gz")
    parser.add_argument("--records", type=int, default=500, help="without --corpus: how many invented records")
    parser.add_argument("--rate", type=int, default=3, help="requests a second without a key (default 3)")
    parser.add_argument("--api-key", action="append", default=[], help=f"a key to accept (default {API_KEY})")
    parser.add_argument("--latency", type=int, default=0, metavar="MS", help="milliseconds before every answer")
    parser.add_argument("--unknown-phrase", action="append", default=[], help="a phrase its phrase index lacks")
    parser.add_argument("--closed-world", action="store_true", help="words outside the corpus are not found")
    parser.add_argument("--no-gzip", action="store_true", help="never compress")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="SPEC", help="see tests/ncbi/faults.py and schedules.py"
    )
    return parser


def main() -> int:
    """Serve until interrupted; 2 where an argument or a corpus file is wrong."""
    given = _arguments().parse_args()
    try:
        faults = [parse_fault(spec) for spec in given.fault]
        corpus = Corpus() if given.corpus else synthetic_corpus(given.records)
        for path in given.corpus:
            corpus.add_path(path)
        server = PubMed(
            corpus,
            port=given.port,
            rate=given.rate,
            api_keys=given.api_key or [API_KEY],
            latency=given.latency / 1000,
            unknown_phrases=given.unknown_phrase,
            closed_world=given.closed_world,
            compress=not given.no_gzip,
            faults=faults,
        ).start()
    except (CorpusError, FaultError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"--port {given.port}: {error.strerror}; choose another, or 0 for any free one", file=sys.stderr)
        return 2
    try:
        print(f"{len(corpus)} records. Stop with Ctrl-C.", file=sys.stderr)
        print(f"export NCBI_BASE_URL={server.base_url}", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        print(f"{len(server.requests)} requests, at most {server.max_per_second} in a second", file=sys.stderr)
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
