"""llama.cpp in this process: settings reach it, answers repeat bit for bit, what was read is kept, requests take turns."""

from __future__ import annotations

import ctypes
import math
import threading
import time

import llama_cpp
import pytest

from ragkit import load_settings
from ragkit.answer import prompts
from ragkit.errors import ModelError, SettingsError
from ragkit.models.generator import LlamaCppGenerator
from ragkit.models.turns import TurnLock
from ragkit.settings import GenerationSettings

EVIDENCE = (
    "Evidence:\n[1] The lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury.\n"
    "[2] Its lamp burned whale oil until 1903, when the keepers installed a paraffin burner.\n\nQuestion: "
)
OTHER = "Evidence:\n[1] The bakery in Mill Lane opens at six in the morning and closes at two.\n\nQuestion: "
RULES = prompts.grammar([1, 2], 2)


def reply(generator: LlamaCppGenerator, user: str, *, system: str = prompts.SYSTEM, grammar: str | None = RULES) -> str:
    return "".join(generator.stream(system, user, grammar=grammar, max_tokens=24))


def pieces_and_state(generator: LlamaCppGenerator, user: str) -> tuple[str, bytes]:
    """A reply, and the bits of the scores that its last token was chosen by."""
    text = reply(generator, user)
    scores = llama_cpp.llama_get_logits_ith(generator.llama.ctx, -1)
    return text, ctypes.string_at(scores, 4 * generator.llama.n_vocab())


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.9, "seed": 11}, {"temperature": 0.9, "top_p": 1.0, "top_k": 0, "min_p": 0.0}])
def test_a_reply_repeats_whatever_was_asked_between(settings: dict[str, float]) -> None:
    """Greedy, and sampled with a fixed seed: the same words and the same bits of every score, after other questions and systems."""
    generator = LlamaCppGenerator(GenerationSettings(**settings))  # type: ignore[arg-type]
    first = pieces_and_state(generator, EVIDENCE + "When was the lighthouse built?")
    for between in (EVIDENCE + "Who built it?", OTHER + "When does it open?", EVIDENCE):
        reply(generator, between)
        assert pieces_and_state(generator, EVIDENCE + "When was the lighthouse built?") == first
    reply(generator, "Rhyme with mill.", system="You are a poet.", grammar=None)
    next(generator.stream(prompts.SYSTEM, EVIDENCE + "When was", grammar=RULES))  # left after one piece
    assert pieces_and_state(generator, EVIDENCE + "When was the lighthouse built?") == first
    assert pieces_and_state(generator, EVIDENCE + "When was the lighthouse built?") == first
    fresh = LlamaCppGenerator(GenerationSettings(**settings))  # type: ignore[arg-type]
    assert pieces_and_state(fresh, EVIDENCE + "When was the lighthouse built?") == first


def test_another_seed_says_something_else() -> None:
    """Above temperature 0 the seed decides."""
    texts = {reply(LlamaCppGenerator(GenerationSettings(temperature=1.5, seed=seed)), OTHER, grammar=None) for seed in range(3)}
    assert len(texts) == 3


@pytest.mark.parametrize(
    "settings",
    [{"repeat_penalty": 2.0}, {"frequency_penalty": 2.0}, {"presence_penalty": 2.0}],
)
def test_penalties_reach_the_sampler(generator: LlamaCppGenerator, settings: dict[str, float]) -> None:
    """Each makes a greedy reply that repeats itself another one."""
    user, system = "Write the word mill twelve times.", "You are helpful."
    punished = LlamaCppGenerator(GenerationSettings(**settings))  # type: ignore[arg-type]
    assert reply(punished, user, system=system, grammar=None) != reply(generator, user, system=system, grammar=None)


@pytest.mark.parametrize("settings", [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}])
def test_a_cut_to_the_likeliest_is_greedy(generator: LlamaCppGenerator, settings: dict[str, float]) -> None:
    """``top_k`` of 1, the smallest ``top_p`` and the largest ``min_p`` leave one token, at any temperature."""
    hot = LlamaCppGenerator(GenerationSettings(temperature=2.0, **settings))  # type: ignore[arg-type]
    assert reply(hot, OTHER + "When does it open?") == reply(generator, OTHER + "When does it open?")


def test_a_bias_forbids_a_token(generator: LlamaCppGenerator) -> None:
    """The first token of the greedy reply, by its id with -100, is not said."""
    greedy = reply(generator, EVIDENCE + "When was the lighthouse built?", grammar=None)
    (token, *_) = generator.llama.tokenize(greedy.encode(), add_bos=False, special=False)
    settings = load_settings(environ={"RAGKIT_GENERATION__LOGIT_BIAS": f'{{"{token}": -100}}'}).generation
    assert settings.logit_bias == {token: -100.0}
    said = reply(LlamaCppGenerator(settings), EVIDENCE + "When was the lighthouse built?", grammar=None)
    assert generator.llama.tokenize(said.encode(), add_bos=False, special=False)[0] != token


@pytest.mark.parametrize("key", ["temperature=-1", "top_p=0", "top_p=1.1", "min_p=2", "top_k=-1", "repeat_penalty=0", "logit_bias=[1]"])
def test_a_decoding_setting_out_of_range_is_refused(key: str) -> None:
    """The message names the setting."""
    name, value = key.split("=")
    with pytest.raises(SettingsError, match=rf"generation\.{name}"):
        load_settings(environ={}, values={f"generation.{name}": value})


def test_what_two_prompts_share_is_read_once(generator: LlamaCppGenerator) -> None:
    """A second question on the same evidence reads its own block alone; after another system text everything is still there."""
    prefix = generator._prefix

    def unread(user: str, system: str = prompts.SYSTEM) -> int:
        head, rest = generator._parts(system, user)
        return len(head) + len(rest) - prefix.read(head, rest)

    whole = len(generator.prompt(prompts.SYSTEM, EVIDENCE + "Who built it?"))
    unread(EVIDENCE + "When was it built?")
    assert unread(EVIDENCE + "Who built it?") < whole / 2
    unread("Rhyme with mill.", "You are a poet.")
    assert unread(EVIDENCE + "When was it built?") < whole / 2
    assert unread("Rhyme with hill.", "You are a poet.") < len(generator.prompt("You are a poet.", "Rhyme with hill."))
    assert math.isclose(unread(OTHER), len(generator._parts("", OTHER)[1]), abs_tol=2)  # the system text at least




def test_turns_are_given_in_the_order_of_asking() -> None:
    """Whoever releases a lock that others wait for is served after them; what waits in vain loses nobody's turn."""
    lock, order = TurnLock(), list[int]()

    def work(number: int) -> None:
        for _ in range(3):
            with lock:
                order.append(number)

    lock.acquire()
    assert lock.locked()
    assert lock.mine
    with pytest.raises(RuntimeError, match="this thread"):
        lock.acquire()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for waiting, thread in enumerate(threads, 1):
        thread.start()
        while len(lock._waiting) < waiting:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2] * 3
    assert not lock.locked()


def test_a_reader_who_leaves_gives_the_next_its_turn(generator: LlamaCppGenerator) -> None:
    """A long reply that is closed after two pieces is not written to its end: the next thread has its first piece long before."""
    began = time.perf_counter()
    length = len(list(generator.stream("Tell stories.", "Tell a long story about a mill.", max_tokens=150)))
    whole = time.perf_counter() - began
    assert length > 60
    first: list[float] = []

    def second() -> None:
        replies = generator.stream("Tell stories.", "Tell a long story about a hill.", max_tokens=150)
        next(replies)
        first.append(time.perf_counter())
        replies.close()

    replies = generator.stream("Tell stories.", "Tell a long story about a mill.", max_tokens=150)
    next(replies)
    thread = threading.Thread(target=second)
    thread.start()
    while not generator._turns._waiting:
        time.sleep(0.001)
    next(replies)
    assert first == []
    left = time.perf_counter()
    replies.close()
    thread.join()
    assert first[0] - left < whole / 2
    assert not generator._turns.locked()


def test_many_at_once_have_their_own_replies(generator: LlamaCppGenerator) -> None:
    """Four threads at once say what each says alone."""
    users = [EVIDENCE + "Who built it?", OTHER + "When does it open?", EVIDENCE, OTHER]
    alone = [reply(generator, user) for user in users]
    said: dict[str, str] = {}
    threads = [threading.Thread(target=lambda user=user: said.update({user: reply(generator, user)})) for user in users]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [said[user] for user in users] == alone


def test_two_replies_in_one_thread_are_refused(generator: LlamaCppGenerator) -> None:
    """A thread that would wait for itself is told so; after the first reply is closed it may ask again."""
    replies = generator.stream(prompts.SYSTEM, OTHER)
    next(replies)
    with pytest.raises(ModelError, match="close it"):
        next(generator.stream(prompts.SYSTEM, OTHER))
    replies.close()
    next(generator.stream(prompts.SYSTEM, OTHER))
