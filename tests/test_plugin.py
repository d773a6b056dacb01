"""The command line: what it refuses, it refuses before anything is trained, in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clara.plugin.settings import read_settings

REPOSITORY = Path(__file__).parents[1]
EVALS = (str(REPOSITORY / "evals"), "-c", str(REPOSITORY / "pytest.ini"), "-p", "no:cacheprovider")


def test_an_unknown_contender_is_a_usage_error_that_lists_those_there_are(pytester):
    result = pytester.runpytest(*EVALS, "--contenders", "rag,tunned")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --contenders: tunned: choose from closed_book, rag, *echo*"])


@pytest.mark.parametrize("option", ["--model", "--documents", "--questions", "--compressor"])
def test_a_missing_path_is_a_usage_error(pytester, option):
    result = pytester.runpytest(*EVALS, option, "nowhere")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: {option}: nowhere does not exist"])


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (
            "129",
            "rate 129 is above the document length of 128 tokens, which leaves no memory vector: lower the rate",
        ),
        ("0", "Input should be greater than or equal to 1"),
        ("4,257", "Input should be less than or equal to 256"),
        ("4x", "give whole numbers"),
    ],
)
def test_a_rate_that_cannot_be_is_a_usage_error(pytester, rates, message):
    result = pytester.runpytest(*EVALS, "--compression", rates)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: --compression {rates}: {message}"])


def test_a_folder_that_holds_no_compressor_is_a_usage_error(pytester):
    result = pytester.runpytest(*EVALS, "--compressor", str(pytester.path))
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"ERROR: --compressor: {pytester.path} is no compressor (FileNotFoundError)"]
    )


def test_two_compressors_of_one_rate_are_a_usage_error(pytester):
    folder = str(REPOSITORY / "fixtures" / "models" / "compressor-v2-4x")
    result = pytester.runpytest(
        *EVALS, "--compressor", folder, shutil.copytree(folder, pytester.path / "again")
    )
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --compressor: the rates are [[]4, 4]: name one compressor a rate"])


def test_each_rate_goes_on_from_the_compressor_that_was_made_for_it(pytester):
    config = pytester.parseconfig(*EVALS, "--compression", "16,4,8")
    settings = read_settings(config)
    started = {c.rate: settings.start(c).name for c in settings.compressions}
    assert started == {16: "compressor-v2-16x", 4: "compressor-v2-4x", 8: "compressor-v2-4x"}


def test_a_model_without_a_compressor_cannot_be_asked_as_pretrained(pytester):
    model = str(REPOSITORY / "fixtures" / "models" / "reader-v1")
    result = pytester.runpytest(*EVALS, "--model", model, "--contenders", "clara_unadapted")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --contenders: clara_unadapted: choose from *clara, clara_e2e*"])


@pytest.mark.parametrize("name", ["clara", "clara@4x", "clara@16x", "rag_budget@16x"])
def test_a_contender_may_be_named_with_its_rate(pytester, name):
    result = pytester.runpytest(*EVALS, "--compression", "4,16", "--contenders", name, "--collect-only", "-q")
    assert result.ret == 0
    found = name if "@16x" in name else "clara"
    result.stdout.fnmatch_lines([f"*test_accuracy[[]{found}]"])


def test_an_unknown_profile_is_a_usage_error(pytester):
    result = pytester.runpytest(*EVALS, "--profile", "huge")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--profile: invalid choice: 'huge'*smoke*"])


def test_outside_the_repository_model_and_documents_are_asked_for_by_name(pytester):
    shutil.copy(REPOSITORY / "conftest.py", pytester.path)
    shutil.copytree(REPOSITORY / "evals", pytester.path / "evals")
    shutil.copy(REPOSITORY / "pytest.ini", pytester.path)
    (pytester.path / "tests").mkdir()
    result = pytester.runpytest_subprocess("evals", "-p", "no:cacheprovider")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: no model in *: name one with --model DIR"])


def test_the_audit_lists_doubts_about_the_questions_and_runs_nothing(pytester):
    result = pytester.runpytest_subprocess(*EVALS, "--audit-gold")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["* doubts about 370 questions; each may be unfounded"])
    assert "passed" not in result.stdout.str()


def test_the_audit_of_a_broken_question_file_lists_its_problems(pytester):
    broken = pytester.makefile(".jsonl", '{"id": "a"}')
    result = pytester.runpytest_subprocess(*EVALS, "--audit-gold", "--questions", str(broken))
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: {broken}, line 1: *Add it"])


def test_the_options_are_explained(pytester):
    text = pytester.runpytest(*EVALS, "--help").stdout.str()
    for option in (
        "--profile",
        "--model",
        "--documents",
        "--questions",
        "--contenders",
        "--report",
        "--seed",
        "--store",
    ):
        assert option in text


def test_a_contender_left_out_takes_its_evaluations_with_it(pytester):
    result = pytester.runpytest(
        *EVALS, "--collect-only", "-q", "--contenders", "closed_book,rag", *_inputs(pytester)
    )
    listed = result.stdout.str()
    assert "test_accuracy[rag]" in listed
    assert "tuned" not in listed.replace("test_tuned", "")


def test_collecting_imports_nothing_heavy(pytester):
    pytester.makepyfile(
        probe="""
        import sys
        def pytest_sessionfinish():
            heavy = {"mlx_lm", "scipy", "sklearn", "rouge_score", "pypdf", "transformers"} & set(sys.modules)
            assert not heavy, heavy
        """
    )
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess(*EVALS, "-p", "probe", "--collect-only", "-q", *_inputs(pytester))
    assert result.ret == 0, result.stdout.str() + result.stderr.str()


def _inputs(pytester: pytest.Pytester) -> list[str]:
    (pytester.path / "model").mkdir()
    (pytester.path / "model" / "config.json").write_text("{}")
    return ["--model", "model", "--documents", ".", "--questions", "."]


def test_evaluations_side_by_side_are_refused_in_one_line(pytester):
    result = pytester.runpytest_subprocess(*EVALS, "-n", "2", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: evaluations share what they train: run them without -n"])
