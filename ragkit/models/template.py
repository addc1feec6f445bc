"""Chat formats: what stands before the system text, between it and the user's text, and before the reply.

A GGUF file brings its format as a Jinja template, a program by whoever made the file. It is run once, with two marks in place of
the texts, in a child process that has Jinja's sandbox, a few seconds, little memory, no files and no environment. What it gives
is three pieces of text. So a template sees no question and no evidence, and cannot make control tokens of what stands in them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ragkit.errors import ModelError

Format = tuple[str, str, str]

FORMATS: dict[str, Format] = {
    "chatml": ("<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
    "llama-3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "gemma": ("<bos><start_of_turn>user\n", "\n\n", "<end_of_turn>\n<start_of_turn>model\n"),
    "mistral": ("<s>[INST] ", "\n\n", " [/INST]"),
}
#: For a file without a template.
USUAL = "chatml"
#: sha256 of templates whose format is known, so that no process is started for them.
KNOWN = {"872be49dbb638044ad01b60388f48d469ff2980e5f0dccdc22ec907db54d0788": "chatml"}
#: Longest template, in characters, and seconds until it is given up.
MOST_CHARACTERS = 100_000
TIMEOUT_S = 10.0
_CHILD = Path(__file__).with_name("template_child.py")
#: What a Python interpreter may need to start.
_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def of(metadata: Mapping[str, str], bos: str, eos: str) -> Format:
    """The format of a model whose GGUF file has this ``metadata``; ``bos`` and ``eos`` are its tokens for begin and end.

    Raises:
        ModelError: the file's template does not give one.
    """
    template = metadata.get("tokenizer.chat_template")
    if template is None:
        return FORMATS[USUAL]
    known = KNOWN.get(hashlib.sha256(template.encode("utf-8", "replace")).hexdigest())
    before, between, after = FORMATS[known] if known else rendered(template, bos, eos)
    if metadata.get("tokenizer.ggml.add_bos_token") == "true" and not before.startswith(bos):
        before = bos + before
    return before, between, after


def rendered(template: str, bos: str, eos: str) -> Format:
    """The format that ``template`` writes, found in a child process.

    Raises:
        ModelError: it is too long, takes too long, is refused by the sandbox, fails, or leaves one of the texts out.
    """
    if len(template) > MOST_CHARACTERS:
        raise _refused(f"it has {len(template):,} characters")
    found = _outcome(template, bos, eos)
    if isinstance(found, str):
        raise _refused(found)
    return found


@functools.lru_cache(8)
def _outcome(template: str, bos: str, eos: str) -> Format | str:
    """The format, or why there is none."""
    asked = json.dumps({"template": template, "bos_token": bos, "eos_token": eos}).encode()
    environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    command = [sys.executable, "-E", "-P", str(_CHILD)]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, env=environment, timeout=TIMEOUT_S, check=False)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return "it takes too long, or too much memory"
    if "parts" not in answer:
        return str(answer["error"])
    before, between, after = answer["parts"]
    return before, between, after


def _refused(reason: str) -> ModelError:
    return ModelError(
        f"the chat template in the model's file is not used: {reason}; "
        f"set generation.template to the model's format: {', '.join(FORMATS)}"
    )
