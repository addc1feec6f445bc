"""Runs as a page to read: one HTML file, Markdown or JSON, and the same pieces for the interface."""

from __future__ import annotations

from .model import Page, page_of
from .writing import FORMATS, render

__all__ = ["FORMATS", "Page", "page_of", "render"]
