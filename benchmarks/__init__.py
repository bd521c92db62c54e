"""Measurements that are too long for the tests; each says at its head how to run it."""
