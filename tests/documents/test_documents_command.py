from __future__ import annotations

import os
import subprocess
import sys

import pytest
from documents.handmade import save_pdf

from clara.documents.__main__ import main

LINES = ["The harbour is small, and deep.", "Its tide is large – 항구."]


def _run(*arguments, **environment):
    command = [sys.executable, "-m", "clara.documents", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment})


def test_pages_and_files_are_parted_by_form_feeds(tmp_path, capsys):
    first = save_pdf(tmp_path / "a.pdf", LINES, [], ["It ends here."])
    second = save_pdf(tmp_path / "b.pdf", ["Another text begins."])
    assert main([str(first), str(second)]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{' '.join(LINES)}\f\fIt ends here.\fAnother text begins.\n"
    assert shown.err == ""


def test_a_file_that_fails_is_one_line_and_the_others_are_printed(tmp_path, capsys):
    good = save_pdf(tmp_path / "a.pdf", LINES)
    (tmp_path / "empty.pdf").touch()
    assert main([str(tmp_path / "empty.pdf"), str(good), str(tmp_path / "absent.pdf")]) == 1
    shown = capsys.readouterr()
    assert shown.out == " ".join(LINES) + "\n"
    assert [line.split(": ")[0] for line in shown.err.splitlines()] == [
        str(tmp_path / "empty.pdf"),
        str(tmp_path / "absent.pdf"),
    ]


def test_without_a_file_it_says_how_to_be_called(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "FILE" in capsys.readouterr().err


def test_as_a_command_it_writes_utf8_in_any_locale_and_pypdf_says_nothing(tmp_path):
    good = save_pdf(tmp_path / "a.pdf", LINES)
    good.write_bytes(
        good.read_bytes().replace(b" 00000 n", b" 00009 n").replace(b"startxref\n", b"startxref\n1")
    )
    (tmp_path / "page.pdf").write_text("<html>")
    done = _run(good, tmp_path / "page.pdf", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert done.stdout.decode() == " ".join(LINES) + "\n"
    assert done.stderr.decode().splitlines() == [
        f"{tmp_path / 'page.pdf'}: not a PDF. Convert it to PDF, or take it out."
    ]


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, clara.documents; print(sorted({'pypdf', 'mlx', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
