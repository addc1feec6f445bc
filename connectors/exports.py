"""Exports of note-taking and chat programs: Notion, Obsidian, Confluence, Slack; zip archives or unpacked folders."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, ClassVar
from urllib.parse import unquote

from ragkit.records import Failure, SourceItem

from .exports_tree import File, files_of
from .ignoring import Ignore
from .naming import uri_of

#: What Notion puts behind every name: a space and 32 hex digits.
_NOTION_ID = re.compile(r" ([0-9a-f]{32})(?=(?:_all)?(?:\.[A-Za-z0-9]+)?$)")
_NOTION_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^()\s]+)\)")
_WIKILINK = re.compile(r"!?\[\[([^\[\]|#^\n]{1,200})[^\[\]\n]{0,200}\]\]")
_TAG = re.compile(r"(?<![\w#/&\[(])#([A-Za-z\u00c0-\uffff_][\w/-]{0,100})")
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_SPACE = re.compile(r"<title>\s*([^<:]{1,200}) : ", re.IGNORECASE)
_CRUMBS = re.compile(r'<ol id="breadcrumbs">(.*?)</ol>', re.DOTALL)
_AUTHOR = re.compile(r"""<span class=['"](author|editor)['"]>\s*([^<]{1,200}?)\s*</span>""")
_LINKS = 200


class ExportConnector:
    """What the four kinds of exports have in common: ``KIND+PATH``, a document a file, the URI ``PATH#path/in/the/export``."""

    priority = 15
    kind: ClassVar[str]

    def __init__(self, source: str, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self.path = os.path.realpath(os.path.expanduser(source.removeprefix(f"{self.kind}+")))
        self.ignore = Ignore(include, exclude)

    @classmethod
    def accepts(cls, source: str) -> bool:
        """``KIND+PATH``, or a path whose content can be nothing else."""
        if "\0" in source:
            return False
        return source.startswith(f"{cls.kind}+") or cls.recognises(os.path.expanduser(source))

    @classmethod
    def recognises(cls, path: str) -> bool:
        """Whether the signs of the export are there."""
        return False

    def items(self) -> Iterator[SourceItem | Failure]:
        """The files of the export, in the order of their names."""
        for file in files_of(self.path):
            name = file.uri if isinstance(file, Failure) else file.path
            if any(part.startswith((".", "__MACOSX")) for part in name.split("/")) or self._skips(name):
                continue
            if isinstance(file, Failure):
                yield Failure(uri=f"{uri_of(self.path)}#{file.uri}", reason=file.reason)
            elif self.wanted(file.path):
                try:
                    yield self.item(file)
                except OSError as error:
                    yield Failure(uri=self.uri(file), reason=f"cannot be read: {uri_of(str(error))}")

    def wanted(self, path: str) -> bool:
        """Whether a file is a document of its own."""
        return True

    def item(self, file: File) -> SourceItem:
        """The document of a file."""
        return SourceItem(uri=self.uri(file), token=file.token, open=file.open)

    def uri(self, file: File) -> str:
        """The same for ever."""
        return f"{uri_of(self.path)}#{uri_of(file.path)}"

    def _skips(self, name: str) -> bool:
        parts = name.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(self.ignore.skips(folder, True, ()) for folder in above) or self.ignore.skips(name, False, ())


class NotionConnector(ExportConnector):
    """Notion's export as Markdown and CSV. Ids are taken from the titles and kept in metadata; links between pages become their titles'
    names, and their targets metadata. Of a database's two CSV files the complete one is read."""

    kind = "notion"

    @classmethod
    def recognises(cls, path: str) -> bool:
        """Every page of an export has an id of 32 hex digits in its name."""
        names = [name for name in _names(path) if name.lower().endswith((".md", ".csv"))]
        return bool(names) and all(_NOTION_ID.search(name) for name in names)

    def items(self) -> Iterator[SourceItem | Failure]:
        """The pages and databases, in the order of their names."""
        found = list(super().items())
        complete = {item.uri.removesuffix("_all.csv") for item in found if item.uri.endswith("_all.csv")}
        yield from (item for item in found if not (item.uri.endswith(".csv") and item.uri.removesuffix(".csv") in complete))

    def item(self, file: File) -> SourceItem:
        """A page, with the ids taken out of its links."""
        folders, _, name = file.path.rpartition("/")
        metadata: dict[str, Any] = {}
        if (found := _NOTION_ID.search(name)) is not None:
            metadata["notion_id"] = found[1]
        if folders:
            metadata["parent"] = uri_of(_plain(folders.rpartition("/")[2]))
        title = uri_of(_plain(os.path.splitext(name)[0]).removesuffix("_all"))
        if not name.lower().endswith(".md"):
            return SourceItem(uri=self.uri(file), token=file.token, open=file.open, title=title, metadata=metadata)
        links = [match[1] for match in _NOTION_LINK.finditer(file.read().decode("utf-8", "replace"))]
        metadata |= _listed("links", [_plain(os.path.splitext(unquote(link).rpartition("/")[2])[0]) for link in links if ".md" in link])
        opening = partial(_rewritten, file)
        return SourceItem(
            uri=self.uri(file), token=file.token, open=opening, title=title, media_type="text/markdown", metadata=metadata
        )


class ObsidianConnector(ExportConnector):
    """An Obsidian vault: its notes, with ``[[links]]`` and ``#tags`` as metadata, and what else lies in it."""

    kind = "obsidian"

    @classmethod
    def recognises(cls, path: str) -> bool:
        """A vault has a folder ``.obsidian``."""
        return os.path.isdir(os.path.join(path, ".obsidian"))

    def item(self, file: File) -> SourceItem:
        """A note, or a file beside it."""
        if not file.path.lower().endswith(".md"):
            return super().item(file)
        text = _CODE.sub("", file.read().decode("utf-8", "replace"))
        metadata = _listed("links", [match[1].strip() for match in _WIKILINK.finditer(text)])
        metadata |= _listed("tags", [match[1] for match in _TAG.finditer(_WIKILINK.sub("", text))])
        return SourceItem(uri=self.uri(file), token=file.token, open=file.open, media_type="text/markdown", metadata=metadata)


class ConfluenceConnector(ExportConnector):
    """Confluence's HTML export of a space: its pages, with the space, the pages above and the author as metadata, and attachments."""

    kind = "confluence"

    @classmethod
    def recognises(cls, path: str) -> bool:
        """Its style sheet and its index stand together."""
        names = {name.rpartition("/")[2] if name.count("/") <= 1 else name.partition("/")[2] for name in _names(path)}
        return {"index.html"} < names and any(name.endswith("styles/site.css") for name in _names(path))

    def wanted(self, path: str) -> bool:
        """Not the index, the styles and the icons."""
        name = path.rpartition("/")[2]
        return name not in ("index.html", "site.css") and not {"images", "styles"} & set(path.split("/")[:-1])

    def item(self, file: File) -> SourceItem:
        """A page, or an attachment."""
        if not file.path.lower().endswith(".html"):
            return super().item(file)
        page = file.read().decode("utf-8", "replace")
        metadata: dict[str, Any] = {}
        if (space := _SPACE.search(page)) is not None:
            metadata["space"] = _text(space[1])
        if (crumbs := _CRUMBS.search(page)) is not None:
            metadata |= _listed("above", [_text(part) for part in re.findall(r"<a [^>]*>([^<]*)</a>", crumbs[1])])
        metadata |= {who: _text(name) for who, name in _AUTHOR.findall(page)}
        return SourceItem(uri=self.uri(file), token=file.token, open=file.open, media_type="text/html", metadata=metadata)


def _names(path: str) -> list[str]:
    """The names in an archive, or of the first files of a folder; nothing is unpacked."""
    try:
        if os.path.isdir(path):
            inner = [(entry.name, entry.is_dir()) for entry in os.scandir(path)]
            styles = os.listdir(os.path.join(path, "styles")) if ("styles", True) in inner else []
            return [name for name, folder in inner if not folder] + [f"styles/{name}" for name in styles]
        if path.lower().endswith(".zip") and os.path.isfile(path):
            with zipfile.ZipFile(path) as archive:
                return archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return []
    return []


def _plain(name: str) -> str:
    return _NOTION_ID.sub("", name).strip()


def _text(html: str) -> str:
    from html import unescape

    return uri_of(" ".join(unescape(html).split()))


def _listed(name: str, values: list[str]) -> dict[str, Any]:
    """Several values as one text, as metadata are plain: ", " between them, each once."""
    found = list(dict.fromkeys(uri_of(value) for value in values if value))[:_LINKS]
    return {name: ", ".join(found)} if found else {}


def _rewritten(file: File) -> BinaryIO:
    """A page whose links have no ids: a reader never saw them."""
    def link(match: re.Match[str]) -> str:
        parts = unquote(match[1]).split("/")
        return "](" + "/".join(_plain(part).replace(" ", "%20") for part in parts) + ")"

    return io.BytesIO(_NOTION_LINK.sub(link, file.read().decode("utf-8", "replace")).encode())
