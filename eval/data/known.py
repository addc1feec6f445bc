"""What public sets are known: where each comes from, under which licence, and which converter reads it. Nothing of them is shipped."""

from __future__ import annotations

from ragkit.records import Jsonable, record


@record
class File(Jsonable):
    """A file of a set, as its publisher names it. ``url`` and ``sha256`` are given where both are known; then it can be fetched."""

    name: str
    url: str = ""
    sha256: str = ""


@record
class Dataset(Jsonable):
    """A public set. ``converter`` reads its ``files``; ``origin`` is the project that publishes it; ``made`` is what comes of it."""

    name: str
    about: str
    converter: str
    origin: str
    licence: str
    citation: str
    files: tuple[File, ...]
    made: tuple[str, ...]


_SQUAD = "https://rajpurkar.github.io/SQuAD-explorer/dataset/"
_BEIR = tuple(File(name=name) for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"))
_RANKING, _CLAIMS, _READING = ("questions", "documents"), ("claims",), ("questions", "documents")
_WORDS = "words of each document and query as printed in the collection, in BEIR's layout"


def _xquad(code: str, language: str) -> Dataset:
    return Dataset(
        name=f"xquad-{code}",
        about=f"1,190 questions on 240 paragraphs, in {language}; the same ones in eleven languages",
        converter="squad",
        origin="https://github.com/google-deepmind/xquad",
        licence="CC BY-SA 4.0",
        citation="Artetxe, Ruder and Yogatama 2020, On the Cross-lingual Transferability of Monolingual Representations",
        files=(File(name=f"xquad.{code}.json"),),
        made=_READING,
    )


def _smart(name: str, about: str) -> Dataset:
    return Dataset(
        name=name,
        about=f"{about}; {_WORDS}",
        converter="beir",
        origin="the SMART collections of Cornell University, http://ir.dcs.gla.ac.uk/resources/test_collections/",
        licence="research use",
        citation="Salton 1971, The SMART Retrieval System",
        files=_BEIR,
        made=_RANKING,
    )


DATASETS: tuple[Dataset, ...] = (
    Dataset(
        name="scifact",
        about="retrieval: 5,183 abstracts, scientific claims as queries",
        converter="beir",
        origin="https://github.com/beir-cellar/beir (allenai/scifact)",
        licence="claims CC BY 4.0, abstracts ODC-By 1.0",
        citation="Wadden et al. 2020, Fact or Fiction: Verifying Scientific Claims; Thakur et al. 2021, BEIR",
        files=_BEIR,
        made=_RANKING,
    ),
    _smart("cranfield", "retrieval: 1,400 abstracts on aerodynamics, 225 queries"),
    _smart("cisi", "retrieval: 1,460 abstracts on library science, 76 judged queries"),
    _smart("npl", "retrieval: 11,429 abstracts on electronics, 93 queries"),
    Dataset(
        name="squad",
        about="reading: 10,570 questions on the paragraphs of 48 articles (development part)",
        converter="squad",
        origin="https://rajpurkar.github.io/SQuAD-explorer/",
        licence="CC BY-SA 4.0",
        citation="Rajpurkar et al. 2016, SQuAD: 100,000+ Questions for Machine Comprehension of Text",
        files=(
            File(
                name="dev-v1.1.json",
                url=f"{_SQUAD}dev-v1.1.json",
                sha256="95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
            ),
        ),
        made=_READING,
    ),
    Dataset(
        name="squad2",
        about="reading and abstention: 11,873 questions, half of them unanswerable (development part)",
        converter="squad",
        origin="https://rajpurkar.github.io/SQuAD-explorer/",
        licence="CC BY-SA 4.0",
        citation="Rajpurkar, Jia and Liang 2018, Know What You Don't Know: Unanswerable Questions for SQuAD",
        files=(
            File(
                name="dev-v2.0.json",
                url=f"{_SQUAD}dev-v2.0.json",
                sha256="80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8",
            ),
        ),
        made=_READING,
    ),
    _xquad("en", "English"),
    _xquad("de", "German"),
    _xquad("zh", "Chinese"),
    Dataset(
        name="clapnq",
        about="long answers with the sentences that they rest on, and unanswerable questions with a passage that nearly answers",
        converter="clapnq",
        origin="https://github.com/primeqa/clapnq",
        licence="Apache-2.0",
        citation="Rosenthal et al. 2024, CLAPnq: Cohesive Long-form Answers from Passages in Natural Questions",
        files=(File(name="clapnq_dev_answerable.jsonl"), File(name="clapnq_dev_unanswerable.jsonl")),
        made=_READING,
    ),
    Dataset(
        name="alce",
        about="ASQA, QAMPARI or ELI5 with retrieved documents, and the outputs of a model with citations",
        converter="alce",
        origin="https://github.com/princeton-nlp/ALCE",
        licence="code MIT; ASQA Apache-2.0, QAMPARI CC0, ELI5 as its project says",
        citation="Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations",
        files=(File(name="asqa_eval_gtr_top100.json"),),
        made=("questions", "responses"),
    ),
    Dataset(
        name="wice",
        about="claims of Wikipedia against the sentences of the articles that they cite; three labels, supporting sentences",
        converter="wice",
        origin="https://github.com/ryokamoi/wice",
        licence="annotations ODC-BY, text CC BY-SA and Common Crawl's terms",
        citation="Kamoi et al. 2023, WiCE: Real-World Entailment for Claims in Wikipedia",
        files=(File(name="dev.jsonl"),),
        made=_CLAIMS,
    ),
    Dataset(
        name="attributionbench",
        about="claims of attributed answers against their references, attributable or not, balanced",
        converter="attributionbench",
        origin="https://github.com/OSU-NLP-Group/AttributionBench",
        licence="Apache-2.0",
        citation="Li et al. 2024, AttributionBench: How Hard is Automatic Attribution Evaluation?",
        files=(File(name="dev_all_subset_balanced.jsonl"),),
        made=_CLAIMS,
    ),
    Dataset(
        name="begin",
        about="responses of dialogue models against the sentence that they were given (Wizard of Wikipedia)",
        converter="begin",
        origin="https://github.com/google/BEGIN-dataset",
        licence="CC BY 4.0; the dialogues under their sets' own",
        citation="Dziri et al. 2022, Evaluating Attribution in Dialogue Systems: The BEGIN Benchmark",
        files=(File(name="begin_dev_wow.tsv"),),
        made=_CLAIMS,
    ),
    Dataset(
        name="scifact-claims",
        about="scientific claims against abstracts: supported, contradicted or neither, with the sentences that say so",
        converter="scifact-claims",
        origin="https://github.com/allenai/scifact",
        licence="claims CC BY 4.0, abstracts ODC-By 1.0",
        citation="Wadden et al. 2020, Fact or Fiction: Verifying Scientific Claims",
        files=(
            File(
                name="data.tar.gz",
                url="https://scifact.s3-us-west-2.amazonaws.com/release/latest/data.tar.gz",
                sha256="11c621288d41ac144d29b13b0f8503b3820b7d6e8b1f6ff24dff335c196d76be",
            ),
        ),
        made=_CLAIMS,
    ),
    Dataset(
        name="sec-10q",
        about="195 questions on twenty quarterly reports (PDF), with long answers; read with the columns of qna_data.csv",
        converter="csv",
        origin="https://github.com/docugami/KG-RAG-datasets",
        licence="MIT",
        citation="Docugami 2023, KG-RAG Datasets: SEC 10-Q",
        files=(File(name="qna_data.csv"),),
        made=("questions",),
    ),
)
