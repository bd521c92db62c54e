"""The reader's site: a Datasette plugin with its own pages, reading the database called `catalog`."""
