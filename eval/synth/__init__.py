"""Synthetic question sets from one's own documents, without a model or with one; each question is checked."""

from __future__ import annotations

from .make import CHECKING, Synthetic, synthesize

__all__ = ["CHECKING", "Synthetic", "synthesize"]
