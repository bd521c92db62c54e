"""Tests of the Low Back Pain Evidence Catalog: one file a feature."""
