"""Live answers watched: a sample of them scored without gold, compared with an earlier window, with alerts by threshold."""

from __future__ import annotations

from .alerts import Alert, BadAlert, Fired, parse_alert
from .looking import Look, Monitor
from .windows import BadWindow, Window, parse_window

__all__ = ["Alert", "BadAlert", "BadWindow", "Fired", "Look", "Monitor", "Window", "parse_alert", "parse_window"]
