"""What `catalog serve` is made of: processes, the editions of a catalog file, health, logs and metrics."""
