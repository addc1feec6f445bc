"""Benchmarks of ragkit. ``python -m bench`` runs them all and writes ``bench/results/*.json``; see ``bench/README.md``."""
