"""How an answer says that there is none: the words asked for, and the common ways models put it."""

from __future__ import annotations

import re

from clara.text import Script, fold

# What training teaches and the prompt asks for, by the script of the question.
NO_ANSWER: dict[Script, str] = {
    "latin": "no answer",
    "hangul": "답 없음",
    "kana": "回答なし",
    "han": "无答案",
    "thai": "no answer",
    "other": "no answer",
}

_SOURCE = (
    r"(?:(?:the|this|these|that|given|provided) )*(?:document|text|passage|context|article|report|source)s?"
)
_ASKED = r"(?:it|this|that|so|(?:(?:the|this|that|an) )?(?:answer|question|information))"
_PLACE = rf"(?: (?:in|by|from|to) {_SOURCE})?"
_TOLD = (
    r"(?:stated|given|mentioned|specified|answered|answerable|available|provided|found|known|said|disclosed"
    r"|included)"
)
_IS_NOT = r"(?:is not|isnt|was not|wasnt|are not|arent)"
_DOES_NOT = r"(?:do not|dont|does not|doesnt|did not|didnt)"
_TELL = r"(?:say|state|mention|specify|tell|give|provide|contain|include|answer|disclose|know)"
# What is left unsaid may be named, as one clause that takes nothing back and states no figure.
_CLAUSE = r"(?: (?!.*\b(?:but|however|only|instead|although|except|it is|it was)\b)[^\d.,;:!?]+)?"
_ENGLISH = re.compile(
    rf"(?:there is |theres )?no answer(?: (?:is |was )?{_TOLD})?{_PLACE}"
    rf"|(?:there is |theres )?(?:no|not enough|insufficient) information(?: (?:is |was )?{_TOLD})?{_PLACE}"
    rf"|(?:{_ASKED} is )?(?:unanswerable|unknown)"
    rf"|(?:{_ASKED} {_IS_NOT}|not) {_TOLD}{_PLACE}"
    rf"|(?:{_ASKED} )?(?:cannot|can not|cant) be (?:answered|determined|found|known){_PLACE}"
    rf"|{_SOURCE} {_DOES_NOT} {_TELL}{_CLAUSE}"
    rf"|(?:i|we) (?:do not|dont|cannot|cant) (?:know|say|tell|answer)(?: {_ASKED})?"
)

_ENDING_KO = r"(?:다|음|습니다|어요|았다|았음|았습니다|는다)"
_NOT_KO = rf"(?:않{_ENDING_KO}|안됨|없{_ENDING_KO})"
_SOURCE_KO = r"(?:(?:이|해당|주어진|제공된)?(?:문서|본문|지문|글|자료|보고서|텍스트))"
_TOLD_KO = (
    r"(?:나와있지|나오지|나타나지|언급되지|언급되어있지|명시되지|명시되어있지|기재되지|적혀있지|쓰여있지)"
)
_TOPIC_KO = r"(?:[^\d.,;:!?]+(?:은|는|이|가))?"
_KOREAN = re.compile(
    rf"(?:정?답변?|정보)(?:은|이|가|는)?없{_ENDING_KO}"
    rf"|(?:답변?|대답)(?:을|은)?(?:할|알)수없{_ENDING_KO}|답변불가(?:능)?"
    rf"|{_TOPIC_KO}알수없{_ENDING_KO}|모름|모릅니다|모르겠(?:다|음|습니다|어요)"
    rf"|{_TOPIC_KO}{_SOURCE_KO}에(?:서|는|서는)?(?:(?:답|정답|정보|내용|언급|기록)(?:은|이|가|는)?)?없{_ENDING_KO}"
    rf"|{_TOPIC_KO}(?:{_SOURCE_KO}에(?:서|는|서는)?)?{_TOLD_KO}{_NOT_KO}"
    rf"|(?:언급|기재|기록)(?:은|이)?없{_ENDING_KO}"
)

_IN_SOURCE_JA = r"(?:(?:この|その)?(?:文書|本文|文章|資料|文中|テキスト)(?:の中)?に(?:は)?)"
_JAPANESE = re.compile(
    r"(?:回答|答え|解答|該当)(?:は|が)?(?:なし|無し|ない|ありません|ないです)"
    r"|(?:不明|回答不能)(?:です|である)?|(?:答えは)?(?:分か|わか)(?:らない|りません)|(?:お)?答え(?:られ|でき)(?:ない|ません)"
    rf"|回答でき(?:ない|ません)|{_IN_SOURCE_JA}?(?:記載|言及|情報|答え)(?:は|が)?(?:なし|ない|ありません|されていない|されていません)"
    rf"|{_IN_SOURCE_JA}(?:書かれて|載って)い(?:ない|ません)"
)

_CHINESE = re.compile(
    r"(?:没有|沒有|无|無)(?:答案|相关信息|相關資訊)"
    r"|(?:无法|無法)(?:回答|得知|确定|確定|知道)|(?:我)?不知道|未知"
    r"|(?:(?:该|該|本|这份|這份)?(?:文档|文檔|文件|原文|文中|文章|资料|資料|文本)(?:中|里|裡)?)?"
    r"(?:没有|沒有|未|并未|並未)(?:提到|提及|说明|說明|给出|給出|记载|記載)(?:答案)?"
)


def abstains(text: str) -> bool:
    """Whether an answer says that there is none, and nothing else.

    The whole answer must be one of a closed list of sayings in English, Korean, Japanese or Chinese, case,
    apostrophes, spacing and the full stop aside. One that only contains "no" or "not" is an answer, one that takes it
    back ("Not stated, but 1907") too. Silence is not: an empty answer is a failure to say so.
    """
    said = re.sub(r"['’]", "", fold(text).lower())
    said = " ".join(said.split()).strip(' .!。"“”()[]「」')
    together = said.replace(" ", "")
    return bool(
        _ENGLISH.fullmatch(said)
        or any(saying.fullmatch(together) for saying in (_KOREAN, _JAPANESE, _CHINESE))
    )
