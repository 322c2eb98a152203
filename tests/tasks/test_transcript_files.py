"""One page as Tesseract writes it in every format, and files that are none of them."""

import json
import math

import pytest

from imagegate.errors import OutputError
from imagegate.tasks.transcript_files import READERS, read_transcript_file

TSV = "\n".join(
    "\t".join(row.split(","))
    for row in (
        "level,page_num,block_num,par_num,line_num,word_num,left,top,width,height,conf,text",
        "4,1,1,1,1,0,21,31,289,29,-1,",
        "5,1,1,1,1,1,21,31,98,29,96,Total",
        "5,1,1,1,1,2,133,31,86,29,90,9.00",
        "5,1,1,1,2,1,21,111,119,29,84,Thank",
    )
)
HOCR = """<?xml version="1.0"?><html><head><title></title></head><body><div class='ocr_page'>
<span class='ocr_line' title="bbox 21 31 310 60; x_size 36.9">
 <span class='ocrx_word' title='bbox 21 31 119 60; x_wconf 96'><em>Tot<span>al</span></em></span>
 <span class='ocrx_word' title='bbox 133 31 219 60; x_wconf 90'>9.00</span></span>
<span class='ocr_header'><span class='ocrx_word' title='x_wconf 84'>Thank</span></span></div></body>
"""
ALTO = """<alto:alto xmlns:alto="http://www.loc.gov/standards/alto/ns-v3#"><alto:Page>
<alto:TextLine><alto:String WC="0.96" CONTENT="Total"/><alto:SP WIDTH="14"/>
<alto:String WC="0.90" CONTENT="9.00"/></alto:TextLine>
<alto:TextLine><alto:String WC="0.84" CONTENT="Thank"/></alto:TextLine></alto:Page></alto:alto>
"""
LINES = [{"text": "Total 9.00", "confidence": 0.93}, {"text": "Thank", "confidence": 0.84}]
WORDS = [{"text": "Total", "confidence": 0.96}, {"text": "9.00"}]
EXAMPLES = {
    ".txt": "Total 9.00\nThank",
    ".tsv": TSV,
    ".hocr": HOCR,
    ".html": HOCR,
    ".xml": ALTO,
    ".json": json.dumps({"text": "Total 9.00\nThank", "confidences": [0.96, 0.90, 0.84]}),
}


@pytest.fixture
def read(tmp_path):
    def of(suffix, content):
        file = tmp_path / f"page{suffix}"
        file.write_text(content, encoding="utf-8")
        return read_transcript_file(str(file))

    return of


@pytest.mark.parametrize("suffix", READERS)
def test_every_format_gives_the_same_page(suffix, read):
    found = read(suffix, EXAMPLES[suffix])
    if suffix == ".txt":
        assert found == EXAMPLES[".txt"]
        return
    assert found.text == EXAMPLES[".txt"]
    assert found.confidences == pytest.approx((0.96, 0.90, 0.84))
    assert found.confidence == pytest.approx(0.9)


def test_json_of_lines_and_of_words(read):
    lines = read(".json", json.dumps(LINES))
    assert (lines.text, lines.confidences) == ("Total 9.00\nThank", (0.93, 0.84))
    words = read(".json", json.dumps({"words": WORDS}))
    assert (words.text, words.confidences, words.confidence) == ("Total 9.00", (0.96,), 0.96)


def test_a_word_that_is_hyphenated_and_a_confidence_that_is_not_there(read):
    found = read(".xml", '<alto><TextLine><String CONTENT="well"/><HYP CONTENT="-"/></TextLine>')
    assert found.text == "well-"
    assert math.isnan(found.confidence)
    assert found.confidences == ()


@pytest.mark.parametrize("suffix", [".hocr", ".xml"])
def test_an_empty_page_is_read_with_no_confidence_at_all(suffix, read):
    empty = "<div class='ocr_page'></div>" if suffix == ".hocr" else "<alto><Page/></alto>"
    assert (read(suffix, empty).text, read(suffix, empty).confidence) == ("", 0.0)


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".tsv", "Total 9.00"),
        (".hocr", "<p>Total 9.00</p>"),
        (".xml", "<PcGts><Word/></PcGts>"),
        (".json", "Total 9.00"),
        (".json", "[1, 2]"),
        (".json", '{"text": "a", "confidence": 93}'),
    ],
)
def test_what_is_not_in_the_format_is_refused(suffix, content, read):
    with pytest.raises(OutputError, match="expected"):
        read(suffix, content)
