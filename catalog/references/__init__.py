"""Reference lists: read in whatever format they come, looked up in a catalog, what is retracted told first."""
