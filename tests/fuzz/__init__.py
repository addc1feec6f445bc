"""Changed documents for every parser: ``python -m tests.fuzz``."""
