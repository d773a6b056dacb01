"""Korean questions by rule: particles and endings that agree, questions that stand alone, answers that are spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.questions.asked import GAP
from clara.questions.korean import ask, prose
from clara.questions.korean.clauses import clauses, statement
from clara.questions.korean.clozes import neutral
from clara.questions.korean.endings import modifier, question
from clara.questions.korean.hangul import attach, final, sound, vowel, with_final, with_vowel
from clara.questions.korean.words import is_modifying, split

SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
CONSONANTS = "-ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
SENTENCES = (
    "솔개섬 등대는 1903년에 세워졌으며, 높이는 27미터이다.",
    "조사단은 갯벌에서 게 19종을 확인했지만 새는 보지 못했다.",
    "한가람 위원은 휴게실을 넓히자고 제안했다.",
    "제품을 옮길 때는 양쪽 손잡이를 사용하십시오.",
    "센서는 수온, 염분, 유속을 10분마다 기록합니다.",
    "폭우로 인해 북쪽 다리가 무너졌다.",
)


def asked(sentence: str, kind: str = "wh") -> dict[str, str]:
    return {item.question: item.answer for item in ask(sentence) if item.kind == kind}


# ---- Syllables -------------------------------------------------------------------------------------------------------


@given(SYLLABLES, st.sampled_from(CONSONANTS))
def test_a_final_consonant_can_be_put_and_read(syllable: str, consonant: str) -> None:
    changed = with_final(syllable, consonant)
    assert final(changed) == consonant
    assert with_final(changed, final(syllable)) == syllable


@given(SYLLABLES, SYLLABLES)
def test_a_vowel_can_be_put_and_read(syllable: str, other: str) -> None:
    changed = with_vowel(syllable, vowel(other))
    assert (vowel(changed), final(changed)) == (vowel(other), final(syllable))


@given(st.text(SYLLABLES, min_size=1), st.sampled_from(["은는", "이가", "을를", "과와"]))
def test_a_particle_agrees_with_the_final_consonant_whichever_form_was_given(word: str, pair: str) -> None:
    agreed = attach(word, pair[0])
    assert agreed == attach(word, pair[1])
    assert agreed == word + pair[final(word[-1]) == "-"]


@pytest.mark.parametrize(
    ("word", "particle", "agreed"),
    [
        ("서울", "으로", "서울로"),
        ("부산", "로", "부산으로"),
        ("무엇", "로 인해", "무엇으로 인해"),
        ("누구", "이", "누가"),
        ("얼마", "이라고", "얼마라고"),
        ("무엇", "였다", "무엇이었다"),
        ("언제", "이었다", "언제였다"),
        ("2023", "은", "2023은"),
        ("2024", "은", "2024는"),
        ("USB", "을", "USB를"),
        ("PDF", "은", "PDF는"),
        ("LOL", "을", "LOL을"),
        ("34km", "을", "34km를"),
        ("34kg", "를", "34kg을"),
        ("62%", "은", "62%는"),
    ],
)
def test_a_particle_agrees_with_how_a_word_is_read(word: str, particle: str, agreed: str) -> None:
    assert attach(word, particle) == agreed


@given(st.integers(min_value=1, max_value=9999))
def test_a_round_number_ends_in_a_consonant(number: int) -> None:
    assert sound(f"{number}0") != "-"


# ---- Endings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "asks", "modifies"),
    [
        ("했다", "했는가", "한"),
        ("지어졌다", "지어졌는가", "지어진"),
        ("열렸다", "열렸는가", "열린"),
        ("되었다", "되었는가", "된"),
        ("받았다", "받았는가", "받은"),
        ("만들었다", "만들었는가", "만든"),
        ("세웠다", "세웠는가", "세운"),
        ("흘렀다", "흘렀는가", "흐른"),
        ("높았다", "높았는가", "높았던"),
        ("보였다", "보였는가", "보인"),
        ("한다", "하는가", "하는"),
        ("먹는다", "먹는가", "먹는"),
        ("만든다", "만드는가", "만드는"),
        ("있다", "있는가", "있는"),
        ("없다", "없는가", "없는"),
        ("높다", "높은가", "높은"),
        ("길다", "긴가", "긴"),
        ("어렵다", "어려운가", "어려운"),
        ("빠르다", "빠른가", "빠른"),
        ("필요하다", "필요한가", "필요한"),
        ("했습니다", "했습니까", "한"),
        ("됩니다", "됩니까", "되는"),
        ("받습니다", "받습니까", "받는"),
        ("높습니다", "높습니까", "높은"),
        ("모았다", "모았는가", "모은"),
        ("이다", "인가", None),
        ("회사다", "회사인가", "회사인"),
        ("무엇이었다", "무엇이었는가", None),
        ("합니다", "합니까", None),
        ("교체하십시오", "교체해야 합니까", None),
        ("누르십시오", None, None),
        ("조사", None, None),
    ],
)
def test_a_statement_asks_and_modifies(statement: str, asks: str | None, modifies: str | None) -> None:
    assert question(statement) == asks
    assert modifier(statement) == modifies


def test_a_verb_that_may_be_of_two_stems_modifies_nothing() -> None:
    assert [modifier(word) for word in ("들었다", "물었다", "걸었다", "도왔다")] == [None] * 4


# ---- Words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "stem", "particle"),
    [
        ("등대는", "등대", "는"),
        ("관측소에서는", "관측소", "에서는"),
        ("높이는", "높이", "는"),
        ("높이", "높이", ""),
        ("회의", "회의", ""),
        ("회의의", "회의", "의"),
        ("결과", "결과", ""),
        ("강원도", "강원도", ""),
        ("GPS를", "GPS", "를"),
        ("12명이", "12명", "이"),
        ("하는", "하는", ""),
        ("지은", "지은", ""),
        ("않을", "않을", ""),
    ],
)
def test_a_word_is_split_from_its_particle(word: str, stem: str, particle: str) -> None:
    assert split(word) == (stem, particle)


def test_verbs_before_nouns_are_told_from_nouns() -> None:
    assert all(map(is_modifying, ("열린", "설치된", "높은", "사용할", "흐르는", "받은")))
    assert not any(
        map(is_modifying, ("시간", "기관은", "면적은", "거리는", "수리는", "마을", "사진", "도시는"))
    )


# ---- Clauses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("다리는 1931년에 개통되었고, 1950년에 무너졌다.", ["개통되었다", "다리는 무너졌다"]),
        ("탑은 벽돌로 지어졌으며, 높이는 22미터이다.", ["지어졌다", "탑의 22미터이다"]),
        ("본체는 1.6kg이고 먼지통은 0.5리터입니다.", ["1.6kg입니다", "0.5리터입니다"]),
        ("강은 남쪽으로 흐르며, 호수는 북쪽에 있다.", ["흐른다", "있다"]),
        ("동굴의 길이는 640m이지만, 안전 때문에 공개되지 않는다.", ["640m이다", "동굴은 않는다"]),
        ("모드에서는 물이 빨라지지만 시간이 줄어든다.", ["빨라진다", "모드에서는 줄어든다"]),
        ("위원회는 안건을 논의하고 있다.", ["있다"]),
        ("전원을 끄고 코드를 뽑으십시오.", []),
    ],
)
def test_clauses_are_stated_on_their_own(sentence: str, stated: list[str]) -> None:
    assert [part.carried + statement(sentence, part) for part in clauses(sentence)] == stated


# ---- Wh-questions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "put", "answer"),
    [
        (SENTENCES[0], "솔개섬 등대는 언제 세워졌는가?", "1903년"),
        (SENTENCES[0], "솔개섬 등대가 세워진 것은 언제인가?", "1903년"),
        (SENTENCES[0], "솔개섬 등대의 높이는 몇 미터인가?", "27미터"),
        ("1995년 4월에 첫 회의가 열렸다.", "첫 회의는 언제 열렸는가?", "1995년 4월"),
        ("등대는 높이가 34미터이다.", "등대의 높이는 얼마인가?", "34미터"),
        ("수리 비용은 총 3억 2천만 원이었다.", "수리 비용은 총 얼마였는가?", "3억 2천만 원"),
        ("온실에는 직원 열두 명이 근무한다.", "온실에는 직원 몇 명이 근무하는가?", "열두 명"),
        (SENTENCES[1], "조사단이 갯벌에서 확인한 게는 몇 종인가?", "19종"),
        ("응답자의 71%는 계획에 찬성했다.", "응답자의 몇 %가 계획에 찬성했는가?", "71%"),
        ("공사는 2년 4개월 만에 끝났다.", "공사는 몇 년 몇 개월 만에 끝났는가?", "2년 4개월"),
        (SENTENCES[2], "누가 휴게실을 넓히자고 제안했는가?", "한가람 위원"),
        (SENTENCES[2], "휴게실을 넓히자고 제안한 사람은 누구인가?", "한가람 위원"),
        ("한빛연구소 소장 김민서는 결과를 발표했다.", "한빛연구소 소장은 누구인가?", "김민서"),
        ("한국기상재단은 새 지도를 펴냈다.", "어느 기관이 새 지도를 펴냈는가?", "한국기상재단"),
        (
            "표본은 가람 자연사 박물관에 보관되어 있다.",
            "표본은 어디에 보관되어 있는가?",
            "가람 자연사 박물관",
        ),
        ("벽은 화강암으로 만들어졌다.", "벽은 무엇으로 만들어졌는가?", "화강암"),
        (SENTENCES[4], "센서는 무엇을 10분마다 기록합니까?", "수온, 염분, 유속"),
        (SENTENCES[4], "센서는 수온, 염분, 유속을 몇 분마다 기록합니까?", "10분"),
        (SENTENCES[5], "북쪽 다리가 무너진 이유는 무엇인가?", "폭우"),
        ("가뭄 때문에 축제가 연기되었다.", "무엇 때문에 축제가 연기되었는가?", "가뭄"),
        ("시는 소음을 줄이기 위해 벽을 세웠다.", "시는 왜 벽을 세웠는가?", "소음을 줄이기 위해"),
        (
            "수량이 줄어든 것은 댐이 건설되었기 때문이다.",
            "수량이 줄어든 이유는 무엇인가?",
            "댐이 건설되었기 때문",
        ),
        ("습지란 물에 젖은 땅을 말한다.", "습지란 무엇인가?", "물에 젖은 땅"),
        ("나무의 수령은 320년이다.", "나무의 수령은 몇 년인가?", "320년"),
        ("체험관의 관장은 문예슬이다.", "체험관의 관장은 누구인가?", "문예슬"),
        ("가장 깊은 곳은 섬의 동쪽 해안이다.", "가장 깊은 곳은 어디인가?", "섬의 동쪽 해안"),
        ("분광기는 빛을 파장에 따라 나누는 장치이다.", "분광기는 무엇인가?", "빛을 파장에 따라 나누는 장치"),
        ("물이 둑을 넘는 현상을 월류라고 한다.", "물이 둑을 넘는 현상을 무엇이라고 하는가?", "월류"),
        (SENTENCES[3], "제품을 옮길 때는 무엇을 사용해야 합니까?", "양쪽 손잡이"),
        ("필터는 2주마다 물로 닦아 주십시오.", "필터는 몇 주마다 물로 닦아야 합니까?", "2주"),
        ("시간은 12시간까지 설정할 수 있습니다.", "시간은 몇 시간까지 설정할 수 있습니까?", "12시간"),
    ],
)
def test_a_question_reads_as_it_would_be_put(sentence: str, put: str, answer: str) -> None:
    assert asked(sentence).get(put) == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "이는 2018년보다 22% 줄었다.",  # refers to an earlier sentence
        "그는 1895년에 이 마을로 왔다.",
        "1995년에 설립되었다.",  # about nothing
        "총회는 2019년 조사에서 드러난 문제를 다루었다.",  # a date that names
        "가격은 작년보다 8퍼센트 늘어난 6,200만 원으로 확정되었다.",  # a number that is described
        "벽돌은 마을에서 4킬로미터 떨어진 가마에서 구웠다.",  # a number before another noun's verb
        "관람료는 어른 5천 원, 청소년 3천 원이다.",
        "통행량은 38만 대로 작년보다 늘었다.",
        "전원을 끄고 뚜껑을 여십시오.",
        "회의를 마침.",
    ],
)
def test_what_would_be_asked_badly_is_not_asked(sentence: str) -> None:
    assert asked(sentence) == {}


def test_a_topic_that_is_acted_on_becomes_no_subject() -> None:
    put = asked("휴게실은 경로당 옆에 새로 마련한다.")
    assert put == {"휴게실은 어디에 새로 마련하는가?": "경로당 옆"}


def test_a_verb_in_eul_is_no_object() -> None:
    assert "담" not in asked("물통에는 물을 3.5리터까지 담을 수 있습니다.").values()


def test_a_document_may_call_its_subject_this() -> None:
    assert "이 제품의 무게는 몇 kg입니까?" in asked("이 제품의 무게는 2.5kg입니다.")
    assert asked("이 건물의 무게는 25톤이다.") == {}


def test_the_style_of_the_sentence_is_kept() -> None:
    plain, polite = asked("전시관은 2011년에 문을 열었다."), asked("전시관은 2011년에 문을 열었습니다.")
    assert {put[-2:] for put in plain} == {"가?"}
    assert {put[-2:] for put in polite} == {"까?"}


# ---- Clozes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("은 크다", "은(는) 크다"),
        ("는 크다", "은(는) 크다"),
        ("가 크다", "이(가) 크다"),
        ("를 본다", "을(를) 본다"),
        ("과 물", "와(과) 물"),
        ("로 간다", "(으)로 간다"),
        ("으로부터 온다", "(으)로부터 온다"),
        ("이다.", "(이)다."),
        ("다.", "(이)다."),
        ("였다.", "이었(였)다."),
        ("이라고 한다", "(이)라고 한다"),
        ("에서 온다", "에서 온다"),
        ("입니다.", "입니다."),
        (" 동안", " 동안"),
    ],
)
def test_a_particle_after_a_gap_gives_nothing_away(rest: str, expected: str) -> None:
    assert neutral(rest) == expected


@given(st.sampled_from(["은는", "이가", "을를", "과와"]), st.sampled_from([" 크다.", ".", ", 그리고"]))
def test_both_forms_of_a_particle_look_alike_after_a_gap(pair: str, after: str) -> None:
    assert neutral(pair[0] + after) == neutral(pair[1] + after)


def test_a_cloze_is_the_sentence_with_a_gap() -> None:
    assert asked(SENTENCES[5], "cloze") == {f"{GAP}(으)로 인해 북쪽 다리가 무너졌다.": "폭우"}


def test_a_cloze_that_refers_back_is_left_out() -> None:
    assert asked("이 성당은 1908년에 프랑스 신부가 설계했다.", "cloze") == {}


# ---- Sentences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentence", SENTENCES)
def test_an_answer_is_a_span_of_the_sentence_without_its_particle(sentence: str) -> None:
    found = list(ask(sentence))
    assert found
    for item in found:
        assert sentence[item.start : item.start + len(item.answer)] == item.answer
        assert item.question.count(GAP) == (item.kind == "cloze")
        assert item.question.endswith("?" if item.kind == "wh" else ".")


@pytest.mark.parametrize(
    ("sentence", "begin"),
    [
        ("등대는 섬의 북쪽에 있다.", 0),
        ("• 필터는 2주마다 청소하십시오.", 2),
        ("가. 위원장은 개회를 선언하였다.", 3),
        ("제품 사용 설명서", None),
        ("제품 사용 설명서 본 제습기는 물통이 크다.", 10),
        ("솔매 성당 솔매 성당은 벽돌로 지어졌다.", 6),
        ("연구실 운영 회의 운영 회의는 4월에 열렸다.", 10),
        ("마을 총회 회의록 정기 총회는 2월에 열렸다.", 10),
        ("지난해 이 마을에는 눈이 많이 왔다.", 0),
        ("가람천 하구 습지의 조사는 4월에 시작되었다.", 0),
        ("봄철 하천 생태 환경 조사 조사원들은 강을 걸었다.", None),
        ("3.2 조사 방법 조사는 4월에 시작되었다.", None),
        ("제3조 위원회는 위원 아홉 명으로 한다.", None),
        ("수온 | 4.2 | 염분이 높다.", None),
        ("높이는 (그림 2 참조.", None),
        ("없다.", None),
    ],
)
def test_prose_begins_behind_bullets_and_is_a_whole_sentence(sentence: str, begin: int | None) -> None:
    assert prose(sentence) == begin


@given(st.text(st.one_of(SYLLABLES, st.sampled_from(" .,0123456789()‘’은는이가을를년명다고며")), max_size=60))
def test_any_text_is_asked_about_without_an_error(text: str) -> None:
    for item in ask(text):
        assert text[item.start : item.start + len(item.answer)] == item.answer
