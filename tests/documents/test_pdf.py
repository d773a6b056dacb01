from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest
from documents.handmade import encrypt, pdf_bytes, save_pdf
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from clara.documents import read_documents, read_pdf
from clara.errors import DocumentError

BODY = ["The harbour is small and its tide is large, which", "every fisherman will tell you at some length."]


def _texts(tmp_path: Path, *pages: list) -> list[str]:
    return [page.text for page in read_pdf(save_pdf(tmp_path / "made.pdf", *pages)).pages]


def _error(path: Path) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_pdf(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    return caught.value


# What is read


def test_a_document_knows_its_file_and_every_page(tmp_path):
    path = save_pdf(tmp_path / "survey.pdf", BODY, [], ["It is silting up, slowly."])
    document = read_pdf(path)
    assert (document.name, document.path) == ("survey", str(path))
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert [page.text for page in document.pages] == [" ".join(BODY), "", "It is silting up, slowly."]


def test_lines_of_a_paragraph_are_joined_and_paragraphs_are_not(tmp_path):
    page = [*BODY, "The end of it was short.", "Then came a new paragraph of many words, as long"]
    assert _texts(tmp_path, page) == [
        f"{' '.join(BODY)} The end of it was short.\nThen came a new paragraph of many words, as long"
    ]


def test_headings_and_table_rows_stand_on_their_own(tmp_path):
    rows = ["3. What we found", "Place Depth", "North 4.1", "South 3.9", "Inner 2.5"]
    page = ["2. The harbour", *BODY, "So they say.", *rows]
    assert _texts(tmp_path, page)[0].splitlines() == [
        "2. The harbour",
        " ".join([*BODY, "So they say."]),
        *rows,
    ]


def test_a_change_of_type_size_ends_a_block_even_where_the_line_is_full(tmp_path):
    heading = "A heading that fills the line from its start to its end"
    assert _texts(tmp_path, [(heading, 15.0), *BODY])[0].splitlines() == [heading, " ".join(BODY)]


def test_a_number_that_ends_a_sentence_is_no_table_row(tmp_path):
    page = [*BODY, "Soundings follow in", "2029."]
    assert _texts(tmp_path, page)[0].endswith("Soundings follow in 2029.")


def test_text_is_composed_and_ligatures_are_letters(tmp_path):
    page = [
        unicodedata.normalize("NFD", "Özsu wrote 한국어 first,"),
        "an e\ufb03cient \ufb01nding\u200b of his.",
    ]
    assert _texts(tmp_path, page) == ["Özsu wrote 한국어 first, an efficient finding of his."]


def test_chinese_lines_join_without_a_space_and_korean_ones_with_it(tmp_path):
    assert _texts(tmp_path, ["港口正在變淺而且", "速度很快。"]) == ["港口正在變淺而且速度很快。"]
    assert _texts(tmp_path, ["항구는 작고 조수는", "크다."]) == ["항구는 작고 조수는 크다."]


# Words broken at a line end


@pytest.mark.parametrize("hyphen", ["-", "\u2010", "\u00ad"])
def test_a_hyphen_before_a_line_end_joins_the_word(tmp_path, hyphen):
    assert _texts(tmp_path, [f"The commis{hyphen}", "sioners paid for it all."]) == [
        "The commissioners paid for it all."
    ]


def test_a_compound_that_stands_elsewhere_keeps_its_hyphen(tmp_path):
    page = ["It is a well-known and a well-", "known harbour."]
    assert _texts(tmp_path, page) == ["It is a well-known and a well-known harbour."]


def test_a_word_that_stands_elsewhere_joined_is_joined(tmp_path):
    page = ["Wellknown or well-known, it is a well-", "known harbour."]
    assert _texts(tmp_path, page) == ["Wellknown or well-known, it is a wellknown harbour."]


def test_a_soft_hyphen_joins_at_a_line_end_and_is_drawn_within_a_line_unless_the_word_stands_whole(tmp_path):
    page = ["A well-known and well\u00ad", "known har\u00adbour.", "The harbour has a dead\u00adload."]
    assert _texts(tmp_path, page) == ["A well-known and wellknown harbour.\nThe harbour has a dead-load."]


@pytest.mark.parametrize("compound", ["COVID-19", "Alonso-Andres", "1993-1999"])
def test_a_hyphen_before_a_capital_or_a_digit_stays(tmp_path, compound):
    head, tail = compound.split("-")
    assert _texts(tmp_path, [f"It was {head}-", f"{tail} that did it."]) == [
        f"It was {compound} that did it."
    ]


def test_a_word_in_capitals_is_joined(tmp_path):
    assert _texts(tmp_path, ["ON THE COMPRES-", "SION OF TEXT"]) == ["ON THE COMPRESSION OF TEXT"]


def test_a_word_broken_twice_is_one_word(tmp_path):
    assert _texts(tmp_path, ["An in-", "ter-", "national harbour."]) == ["An international harbour."]


def test_a_word_broken_by_a_page_end_stays_on_the_page_where_it_began(tmp_path):
    assert _texts(tmp_path, [*BODY, "The commis-"], ["sioners paid for all of it."]) == [
        f"{' '.join(BODY)} The commissioners",
        "paid for all of it.",
    ]


@given(word=st.from_regex(r"[a-z]{4,12}", fullmatch=True), data=st.data())
def test_any_word_broken_anywhere_is_made_whole(tmp_path_factory, word, data):
    cut = data.draw(st.integers(1, len(word) - 1))
    path = tmp_path_factory.getbasetemp() / "broken.pdf"
    save_pdf(path, [f"{word[:cut]}-", f"{word[cut:]} and more"])
    assert read_pdf(path).text == f"{word} and more"


# Headers and footers


def _with_margins(body: list[str], number: int) -> list[str]:
    return ["Field Report 47", *body, "Skarrow Harbour, second season", f"Page {number} of 3", f"{number}"]


def test_running_headers_footers_and_page_numbers_go(tmp_path):
    bodies = [["One thing was said here."], ["Another was said there."], ["And a third one in the end."]]
    assert _texts(tmp_path, *(_with_margins(body, n) for n, body in enumerate(bodies, 1))) == [
        body[0] for body in bodies
    ]


def test_a_line_on_both_of_two_pages_goes(tmp_path):
    assert _texts(tmp_path, ["Working note 1", *BODY, "1"], ["Working note 1", "It ends here.", "2"]) == [
        " ".join(BODY),
        "It ends here.",
    ]


def test_a_line_on_two_of_three_pages_stays(tmp_path):
    pages = [["Preface", *BODY], ["Preface", "It goes on here."], ["It ends here."]]
    assert [text.startswith("Preface") for text in _texts(tmp_path, *pages)] == [True, True, False]


def test_numbers_in_a_margin_that_count_no_pages_stay(tmp_path):
    pages = [["17", *BODY], ["4", "It goes on here."], ["256", "It ends here."]]
    assert [text.split()[0] for text in _texts(tmp_path, *pages)] == ["17", "4", "256"]


def test_the_head_of_a_table_that_goes_on_over_pages_stays(tmp_path):
    head = "Place Depth Mud"
    first = [
        "We sounded.",
        "We drilled.",
        "We dived.",
        head,
        "North 4 71",
        "East 3 9",
        "West 2 8",
        "Spur 1 7",
    ]
    pages = [first, [head, "Inner 2 94"], [head, "Outer 5 46"], [head, "Mouth 3 148"]]
    assert all(head in text for text in _texts(tmp_path, *pages))


def test_a_line_that_repeats_in_the_body_stays(tmp_path):
    bodies = [[f"{word} was said.", "So it goes.", f"{word} again."] for word in ("One", "Two", "Three")]
    pages = [["a b", "c d", "e f", *body, "g h", "i j", "k l"] for body in bodies]
    assert [text.count("So it goes.") for text in _texts(tmp_path, *pages)] == [1, 1, 1]


def test_pages_that_are_all_alike_are_not_emptied(tmp_path):
    assert _texts(tmp_path, *[["three words here"]] * 4) == ["three words here"] * 4


# What cannot be read


def test_a_missing_file_is_named(tmp_path):
    assert "No such file" in _error(tmp_path / "absent.pdf").found


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "empty.pdf").touch()
    assert _error(tmp_path / "empty.pdf").found == "empty file (0 bytes)"


def test_what_is_no_pdf_is_called_so(tmp_path):
    (tmp_path / "page.pdf").write_text("<!doctype html><p>Please log in")
    assert _error(tmp_path / "page.pdf").found == "not a PDF"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_file_that_asks_for_a_password_says_so(tmp_path, algorithm):
    path = encrypt(save_pdf(tmp_path / "locked.pdf", BODY), "user", "owner", algorithm)
    assert _error(path).found == "needs a password"


@pytest.mark.parametrize("owner", ["", "owner"])
@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_empty_user_password_is_tried_first(tmp_path, owner, algorithm):
    path = encrypt(save_pdf(tmp_path / "open.pdf", BODY), "", owner, algorithm)
    assert PdfReader(path).is_encrypted
    assert read_pdf(path).text == " ".join(BODY)


def test_a_scan_has_no_text_layer(tmp_path):
    assert "no text layer" in _error(save_pdf(tmp_path / "scan.pdf", [], [])).found


def test_a_scan_with_the_name_of_a_layer_on_its_pages_has_no_text_layer(tmp_path):
    path = save_pdf(tmp_path / "scan.pdf", *[["Background"]] * 4, [], [])
    assert _error(path).found == "no text layer (4 word(s) on 6 page(s))"


def test_a_page_without_spaces_has_words(tmp_path):
    assert _texts(tmp_path, ["港口正在變淺"]) == ["港口正在變淺"]


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_file_cut_short_is_broken(tmp_path, keep):
    data = pdf_bytes(BODY)
    (tmp_path / "cut.pdf").write_bytes(data[: int(len(data) * keep)])
    assert "broken PDF" in _error(tmp_path / "cut.pdf").found


def test_a_file_without_its_xref_is_broken(tmp_path):
    (tmp_path / "lost.pdf").write_bytes(pdf_bytes(BODY).replace(b"startxref", b"startnope"))
    assert "startxref" in _error(tmp_path / "lost.pdf").found


def test_an_xref_that_points_astray_is_repaired_without_a_word(tmp_path, capfd, caplog, recwarn):
    data = re.sub(rb"[0-9]{10} 00000 n", b"0000000001 00000 n", pdf_bytes(BODY))
    (tmp_path / "astray.pdf").write_bytes(data)
    assert read_pdf(tmp_path / "astray.pdf").text == " ".join(BODY)
    assert (capfd.readouterr().err, caplog.records, recwarn.list) == ("", [], [])


def test_a_page_tree_that_makes_the_parser_raise_is_broken(tmp_path):
    (tmp_path / "tree.pdf").write_bytes(pdf_bytes(BODY).replace(b"/Kids[5 0 R]", b"/Kids[2 0 R]"))
    assert "broken PDF" in _error(tmp_path / "tree.pdf").found


def test_a_file_without_pages_says_so(tmp_path):
    assert _error(save_pdf(tmp_path / "bare.pdf")).found == "no pages"


class Panic(BaseException):
    """What a panic in an extension module looks like: no Exception."""


@pytest.mark.parametrize("raised", [RecursionError, MemoryError, KeyError, ValueError, Panic])
def test_anything_a_parser_raises_is_one_line(tmp_path, monkeypatch, raised):
    def explode(*_args, **_options):
        raise raised("two\nlines")

    monkeypatch.setattr("pypdf.PageObject.extract_text", explode)
    assert raised.__name__ in _error(save_pdf(tmp_path / "made.pdf", BODY)).found


def test_an_interrupt_is_no_broken_file(tmp_path, monkeypatch):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("pypdf.PageObject.extract_text", interrupt)
    path = save_pdf(tmp_path / "made.pdf", BODY)
    with pytest.raises(KeyboardInterrupt):
        read_pdf(path)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_more_than_one_line(tmp_path_factory, noise):
    path = tmp_path_factory.getbasetemp() / "noise.pdf"
    path.write_bytes(b"%PDF-1.7\n" + noise)
    _error(path)


# Several documents


def test_a_bad_file_takes_no_other_down(tmp_path):
    save_pdf(tmp_path / "b.pdf", BODY)
    (tmp_path / "a.pdf").touch()
    save_pdf(tmp_path / "c.pdf", BODY)
    documents, errors = read_documents([tmp_path / "absent.pdf", tmp_path])
    assert [document.name for document in documents] == ["b", "c"]
    assert [error.path.name for error in errors] == ["absent.pdf", "a.pdf"]


def test_a_folder_stands_for_its_own_pdfs_sorted(tmp_path):
    (tmp_path / "deeper").mkdir()
    for name in ("b.pdf", "a.PDF", "deeper/c.pdf"):
        save_pdf(tmp_path / name, BODY)
    (tmp_path / "notes.txt").write_text("no PDF")
    documents, errors = read_documents([tmp_path])
    assert ([document.name for document in documents], errors) == (["a", "b"], [])


def test_a_folder_without_pdfs_is_an_error(tmp_path):
    assert [error.found for error in read_documents([tmp_path])[1]] == ["a folder without PDFs"]


def test_two_files_of_one_name_are_an_error_that_names_both(tmp_path):
    (tmp_path / "deeper").mkdir()
    paths = [save_pdf(tmp_path / name, BODY) for name in ("same.pdf", "deeper/same.pdf")]
    documents, (error,) = read_documents(paths)
    assert [document.path for document in documents] == [str(paths[0])]
    assert all(str(path) in str(error) for path in paths)


# Files of others, where they are at hand: CLARA_PDFS names a folder whose README.md says what each should get

SHARED = Path(os.environ.get("CLARA_PDFS", ""))
ROW = re.compile(r"^\| `([^`]+\.pdf)` \| [0-9,]+ \| ([^|]+) \| ([^|]+)\|", re.MULTILINE)
ROWS = ROW.findall((SHARED / "README.md").read_text()) if os.environ.get("CLARA_PDFS") else []
FOUND = {"password": "needs a password", "no-text": "no text layer", "corrupt": "broken PDF|empty file"}


@pytest.mark.skipif(not ROWS, reason="CLARA_PDFS names no folder")
@pytest.mark.parametrize(("name", "expected", "measured"), ROWS)
def test_files_of_others_get_what_their_readme_says(name, expected, measured):
    if outcome := next((found for kind, found in FOUND.items() if expected.startswith(kind)), None):
        assert re.match(outcome, _error(SHARED / name).found)
        return
    # The README counts every line and every half of a broken word; footers alone are up to 8 % of a short paper.
    words, counted = len(read_pdf(SHARED / name).text.split()), int(re.findall("([0-9]+) words", measured)[0])
    assert 0.91 * counted <= words <= counted
