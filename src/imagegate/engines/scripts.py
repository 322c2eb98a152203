"""Which letters an engine reads, told by its language."""

from __future__ import annotations

from collections.abc import Mapping

# Families of scripts, and in each the languages as Tesseract calls them (its files of data, and of
# whole scripts): github.com/tesseract-ocr/tessdata.
FAMILIES: Mapping[str, str] = {
    "latin": "afr aze bos bre cat ceb ces cos cym dan dan_frak deu deu_frak deu_latf eng enm epo "
    "est eus fao fil fin fra frk frm fry gla gle glg hat hrv hun ind isl ita ita_old jav lat lav "
    "lit ltz mlt mri msa nld nor oci pol por que ron slk slk_frak slv spa spa_old sqi srp_latn sun "
    "swa swe tgl ton tur uzb vie yor Latin Fraktur Vietnamese",
    "cyrillic": "aze_cyrl bel bul kaz kir mkd mon rus srp tat tgk ukr uzb_cyrl Cyrillic",
    "greek": "ell grc Greek",
    "caucasian": "hye kat kat_old Armenian Georgian",
    "arabic_hebrew": "ara ckb fas heb kur_ara pus snd uig urd yid Arabic Hebrew",
    "indic": "asm ben guj hin kan mal mar nep ori pan san sin tam tel Bengali Devanagari Gujarati "
    "Gurmukhi Kannada Malayalam Oriya Sinhala Tamil Telugu",
    "southeast_asian": "khm lao mya tha Khmer Lao Myanmar Thai",
    "east_asian": "chi_sim chi_tra jpn kor HanS HanT Hangul Japanese",
}
FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names.split()}


def scripts_of(language: str) -> frozenset[str]:
    """Return the families of scripts that a language of Tesseract's is written in.

    One of ``FAMILIES`` for each language; empty, for not known, if any of them is in none.

    >>> sorted(scripts_of("eng+script/Cyrillic")), sorted(scripts_of("chi_sim_vert"))
    (['cyrillic', 'latin'], ['east_asian'])
    >>> scripts_of("eng+amh")
    frozenset()
    """
    names = (part.rpartition("/")[2].removesuffix("_vert") for part in language.split("+"))
    found = frozenset(FAMILY_OF.get(name, "") for name in names if name not in ("osd", "equ"))
    return frozenset() if "" in found else found
