"""Pure functions from a record to its tags. One module a question; the rules are data in `rules/*.yml`.

Nothing here touches SQLite, the network or the clock.
"""
