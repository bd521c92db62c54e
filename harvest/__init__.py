"""Pulls PubMed records on the topics of a topics file and keeps them exactly as NLM sent them."""
