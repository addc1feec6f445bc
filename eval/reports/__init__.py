"""Runs as a page to read: one HTML file, Markdown or JSON, and the same pieces for the interface."""

from __future__ import annotations

from .model import OtherQuestions, Page, page_of, page_of_outcomes
from .writing import FORMATS, render

__all__ = ["FORMATS", "OtherQuestions", "Page", "page_of", "page_of_outcomes", "render"]
