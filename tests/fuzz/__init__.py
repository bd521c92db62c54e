"""Fuzzing of the way from bytes to tags; not collected by pytest. See docs/fuzzing.md and xml_route.py."""
