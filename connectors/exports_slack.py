"""Slack's export: a document a channel and day, and one a thread."""

from __future__ import annotations

import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .exports import ExportConnector, _names
from .exports_tree import File, digest, files_of
from .naming import uri_of

_DAY = re.compile(r"(?:.*/)?([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
_MENTION = re.compile(r"<(?:@(\w+)|#\w+\|([^>]*)|!(\w+)[^>]*|((?:https?|mailto):[^|>]+)(?:\|([^>]*))?)(?:\|[^>]*)?>")
_QUIET = frozenset("channel_join channel_leave group_join group_leave channel_topic channel_purpose channel_name channel_archive".split())
_MAX_DAY = 64 << 20


class SlackConnector(ExportConnector):
    """Messages of a Slack export: those of a channel and day as one document, each thread, with its answers of other days, as another.

    Names stand for ids. Metadata: channel, date, thread_ts, users. Comings, goings and changes of a topic are left out.
    """

    kind = "slack"

    @classmethod
    def recognises(cls, path: str) -> bool:
        """channels.json, users.json, and a folder a channel with a file a day."""
        if os.path.isdir(path):
            return all(os.path.isfile(os.path.join(path, name)) for name in ("channels.json", "users.json"))
        names = _names(path)
        return {"channels.json", "users.json"} <= set(names) and any(_DAY.fullmatch(name) for name in names)

    def items(self) -> Iterator[SourceItem | Failure]:
        """Days in the order of channels and dates, then the channel's threads in the order of their beginning."""
        base, users, channels = uri_of(self.path), {}, defaultdict(list)
        for file in files_of(self.path):
            if isinstance(file, Failure):
                yield Failure(uri=f"{base}#{file.uri}", reason=file.reason)
            elif file.path.rpartition("/")[2] == "users.json":
                users = _users(file)
            elif (day := _DAY.fullmatch(file.path)) is not None and not self._skips(f"{day[1]}/{day[2]}"):
                channels[day[1]].append((day[2], file))
        for channel, days in sorted(channels.items()):
            yield from self._channel(f"{base}#{uri_of(channel)}", channel, sorted(days, key=lambda pair: pair[0]), users)

    def _channel(self, uri: str, channel: str, days: list[tuple[str, File]], users: Mapping[str, str]) -> Iterator[SourceItem | Failure]:
        threads: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for day, file in days:
            try:
                messages = _messages(file)
            except (SourceError, ValueError, RecursionError) as error:
                yield Failure(uri=f"{uri}/{day}", reason=f"the day cannot be read: {type(error).__name__}; export it again")
                continue
            for message in messages:
                if message.get("thread_ts") and (message.get("reply_count") or message["thread_ts"] != message.get("ts")):
                    threads[str(message["thread_ts"])].append(message)
            alone = [message for message in messages if message.get("thread_ts", message.get("ts")) == message.get("ts")]
            if alone:
                yield _document(f"{uri}/{day}", f"#{channel}, {day}", alone, users, {"channel": channel, "date": day})
        for start, messages in sorted(threads.items()):
            ordered = sorted(messages, key=lambda message: str(message.get("ts")))
            date = _when(start)[:10]
            metadata = {"channel": channel, "date": date, "thread_ts": start}
            yield _document(f"{uri}/thread-{uri_of(start)}", f"#{channel}, thread of {date}", ordered, users, metadata)


def _document(
    uri: str, title: str, messages: list[Mapping[str, Any]], users: Mapping[str, str], metadata: dict[str, str]
) -> SourceItem:
    blocks = [f"{_author(each, users)} ({_when(str(each.get('ts')))[11:16]}): {_said(each, users)}" for each in messages]
    data = "\n\n".join(blocks).encode("utf-8", "replace")
    names = ", ".join(dict.fromkeys(_author(each, users) for each in messages))[:1000]
    plain = {name: uri_of(value) for name, value in {**metadata, "users": names}.items() if value}
    return SourceItem(
        uri=uri, token=digest(data.decode()), open=partial(io.BytesIO, data), size=len(data), media_type="text/plain", title=uri_of(title),
        metadata=plain,
    )  # fmt: skip


def _messages(file: File) -> list[Mapping[str, Any]]:
    found = json.loads(file.read(_MAX_DAY))
    if not isinstance(found, list):
        raise ValueError("no list")
    return [each for each in found if isinstance(each, dict) and each.get("subtype") not in _QUIET and isinstance(each.get("text"), str)]


def _users(file: File) -> dict[str, str]:
    try:
        found = json.loads(file.read(_MAX_DAY))
    except (SourceError, ValueError, RecursionError):
        return {}
    users = {}
    for user in found if isinstance(found, list) else []:
        if isinstance(user, dict) and isinstance(user.get("id"), str):
            profile = user["profile"] if isinstance(user.get("profile"), dict) else {}
            names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"), user["id"])
            users[user["id"]] = next(str(name) for name in names if name)
    return users


def _author(message: Mapping[str, Any], users: Mapping[str, str]) -> str:
    who = str(message.get("user") or "")
    return users.get(who) or str(message.get("username") or who or "somebody")


def _said(message: Mapping[str, Any], users: Mapping[str, str]) -> str:
    """The text with names for ids and links as one reads them."""
    def shown(match: re.Match[str]) -> str:
        person, channel, group, link, label = match.groups()
        if person is not None:
            return "@" + users.get(person, person)
        if link is not None:
            return f"{label} ({link})" if label else link
        return f"#{channel}" if channel is not None else f"@{group}"

    text = _MENTION.sub(shown, message["text"]).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    files = [str(each["name"]) for each in message.get("files") or () if isinstance(each, dict) and each.get("name")]
    return text + "".join(f"\n[file {name}]" for name in files)


def _when(stamp: str) -> str:
    """Seconds since 1970 as ISO 8601, in UTC; nothing where it is no number."""
    try:
        return datetime.fromtimestamp(float(stamp), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
