"""The fixture documents and gold questions are frozen: nobody changes them unawares."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from clara.provenance import fixture_version

FIXTURES = Path(__file__).parents[1] / "fixtures"
MANIFEST = FIXTURES / "MANIFEST.json"


def test_every_document_and_question_file_is_as_it_was_frozen():
    manifest = json.loads(MANIFEST.read_text())
    found = {
        path.relative_to(FIXTURES).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted([*FIXTURES.glob("documents/**/*.pdf"), *FIXTURES.glob("questions/**/*.jsonl")])
    }
    assert found == manifest["files"], 'say why and raise the version: python fixtures/freeze.py "why"'


def test_every_version_says_why():
    manifest = json.loads(MANIFEST.read_text())
    assert [entry["version"] for entry in manifest["history"]] == list(range(1, manifest["version"] + 1))
    assert all(entry["why"].strip() for entry in manifest["history"])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_run_on_the_frozen_files_carries_their_version(language):
    paths = [FIXTURES / "documents" / language, FIXTURES / "questions" / language]
    assert fixture_version(MANIFEST, paths) == json.loads(MANIFEST.read_text())["version"]


def test_a_run_on_any_other_file_carries_none(tmp_path):
    other = tmp_path / "mine.jsonl"
    other.write_text("{}\n")
    assert fixture_version(MANIFEST, [FIXTURES / "documents" / "en", other]) is None
