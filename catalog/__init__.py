"""Reads a harvest, tags each record by study design and level of evidence, and publishes the catalog."""
