from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import standins

from imagegate.errors import MissingExtraError
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.report import render, write_report

VOID = {"meta", "br", "img", "input", "hr", "link"}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)> & $title ' </style>"


class Page(HTMLParser):
    """Collect tags and attributes, and check that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def evaluation():
    gate = standins.Gate(standins.card({"train": ("g1",)}))
    return evaluate(gate, standins.corpus(sources=60), bootstrap=40, mistakes=2)


@pytest.fixture(scope="module")
def page(evaluation):
    return Page(render(evaluation))


def test_one_file_that_loads_nothing(evaluation, tmp_path):
    path = write_report(evaluation, tmp_path / "new" / "report.html")
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert "http" not in text
    assert "@import" not in text
    assert not {"script", "link", "iframe", "object", "base"} & set(page.tags)
    for _, name, value in page.attributes:
        if name == "src":
            assert value.startswith("data:image/jpeg;base64,")
        if name.endswith("href"):
            assert value.startswith("#")
        assert not name.startswith("on")


def test_has_what_people_look_for(page, evaluation):
    assert page.tags["svg"] == 4
    assert page.tags["img"] == 2 * len(evaluation.mistakes)
    words = page.words.replace("\N{NO-BREAK SPACE}", " ")
    assert evaluation.headline().split(". ")[0] in words
    for title in ("Side by side", "severity", "images passed (%)", "Worst mistakes", "card"):
        assert title in words


def test_ids_are_unique_and_found(page):
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value[1:] for _, name, value in page.attributes if name.endswith("href")}
    assert wanted <= set(ids)


def test_same_evaluation_same_bytes(evaluation):
    assert render(evaluation) == render(evaluation)


def test_hostile_names_stay_text():
    corpus = standins.corpus(sources=30)
    names = {name: np.array([HOSTILE] * len(corpus), dtype=object) for name in ("set", "path")}
    meta = corpus.meta | {"sets": {HOSTILE: {"root": "/nowhere"}}, "engine": HOSTILE}
    gate = standins.Gate(standins.card(name=HOSTILE, date=HOSTILE, libraries={HOSTILE: HOSTILE}))
    hostile = replace(corpus, meta=meta, rows=corpus.rows | names)
    page = Page(render(evaluate(gate, hostile, bootstrap=20, mistakes=1)))
    assert page.tags["script"] == 0
    assert page.tags["img"] == 0
    assert page.tags["style"] == 1 + 4  # the page's own and one a figure
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.words.count(HOSTILE) >= 5


@pytest.mark.parametrize("keep", ["fine", "failing", "clean", "one"])
def test_odd_corpora_still_make_a_page(keep):
    corpus = standins.corpus(sources=20)
    masks = {
        "fine": ~corpus.fails,
        "failing": corpus.fails,
        "clean": corpus.column("severity") == 0,
        "one": np.arange(len(corpus)) == 3,
    }
    gate = standins.Gate(standins.card(rules_tuned={}))
    Page(render(evaluate(gate, corpus.select(masks[keep]), bootstrap=10, mistakes=1)))


def test_training_rows_are_shouted():
    corpus = standins.corpus(sources=20)
    gate = standins.Gate(standins.card({"train": ("g1", "g2", "g3")}))
    page = render(evaluate(gate, corpus, split="train", bootstrap=10, mistakes=0))
    assert 'class="warning"' in page
    assert "no proof" in page


def test_without_matplotlib(evaluation, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"imagegate\[watch\]"):
        write_report(evaluation, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
