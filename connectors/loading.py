"""What is too large to be loaded within a child's limits: the helper process loads it, and its children find it loaded."""

from __future__ import annotations

from ragkit.errors import ParseError

_confined = False


class LoadFirst(ParseError):
    """A document needs what its parser's class method ``load_more`` loads; the helper does so, and lets another child parse it."""


def confine() -> None:
    """From now on, in this process, nothing large is loaded."""
    global _confined
    _confined = True


def require() -> None:
    """Called before something large is loaded.

    Raises:
        LoadFirst: this process is a child with limits.
    """
    if _confined:
        raise LoadFirst("what reads this has to be loaded first")
