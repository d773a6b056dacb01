"""What says that there is no answer, and what only contains a "no"."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.abstention import NO_ANSWER, abstains
from clara.text import LANGUAGES

ABSTENTIONS = """
no answer
No answer.
There is no answer in the text.
No answer is given
unanswerable
This question is unanswerable.
Unknown
not stated
Not mentioned in the document.
It is not stated in the report.
The answer is not given.
That information isn’t available
The document does not say.
The passage doesn't mention the depth of the basin.
This article does not state when the mast was painted.
The given text does not provide this information
I don't know.
We cannot say
It cannot be determined from the context.
Not enough information
답 없음
답이 없습니다.
정답 없음
답변할 수 없습니다.
알 수 없음
알 수 없습니다.
깊이는 알 수 없다
모릅니다
문서에 없음
문서에 없습니다.
문서에 나와 있지 않습니다.
본문에는 언급되지 않았습니다.
분지의 깊이는 문서에 명시되어 있지 않음
이 보고서에는 정보가 없습니다.
언급 없음
回答なし
答えはありません。
わかりません。
分からない
不明です
文書には記載されていません。
本文に書かれていない
回答できません
无答案
沒有答案
无法回答。
不知道
文中没有提到
文档中未提及。
""".strip().splitlines()

ANSWERS = """
no
No, it is not.
not the harbour
none
nothing but sand
the northern basin
No. 9
no answer but the echo came back
the answer
Not stated, but 1907
The document does not say 41 but 43
The report does not mention the harbour, it was built in 1907.
The document does not say so however it was Ada Lindqvist
an unknown sailor
I know
a question not answered by Ostrel until 1911
the unanswered letter
know
아니요
없음
북쪽이 아닙니다
답은 북쪽 분지
문서에 41 미터라고 나와 있습니다
알 수 있음
바닥이 없는 분지
없어진 문서
깊이는 문서에 없으나 41 미터
いいえ
北ではない
不明な船
文書に書かれている
没有船
不是北京
未来
知道
""".strip().splitlines()


@pytest.mark.parametrize("text", ABSTENTIONS)
def test_says_that_there_is_no_answer(text):
    assert abstains(text)
    assert abstains(unicodedata.normalize("NFD", text))
    assert abstains(text.upper())


@pytest.mark.parametrize("text", ANSWERS)
def test_is_an_answer_though_it_may_deny_something(text):
    assert not abstains(text)


@pytest.mark.parametrize("text", ["", " ", ".", "…", "「」"])
def test_silence_says_nothing(text):
    assert not abstains(text)


@pytest.mark.parametrize("script", LANGUAGES)
def test_the_words_taught_are_understood_in_every_script(script):
    assert abstains(NO_ANSWER[script])


@given(st.sampled_from(ABSTENTIONS), st.integers(0, 9999))
def test_an_abstention_with_a_number_is_an_answer(text, number):
    assert not abstains(f"{text} {number}")


@given(st.text(max_size=200))
def test_any_text_is_judged(text):
    assert abstains(text) in (True, False)
