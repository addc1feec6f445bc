"""Answers: evidence first, then a decision, then prose under a grammar, then a check of every sentence."""
