"""The whole benchmark in one run: `python -m benchmarks.run` (see benchmarks/whole.py, or `--help`).

Nothing is imported before it is needed: processes whose memory is measured load this file again.
"""

from __future__ import annotations

if __name__ == "__main__":
    from benchmarks.whole import main

    main()
