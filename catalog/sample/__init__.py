"""A bundled sample of invented PubMed records (sample.xml) and what each says by the codebook (labels.tsv).

It shows the whole site without a network, and gives the tests a record of every kind. No record is a publication.
"""
