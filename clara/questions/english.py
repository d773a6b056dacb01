"""English, as far as question rules need it: words, phrases, and the two tables of rules.

Phrases are regular expressions built from small ones, in the order of this file. Group ``a`` is always the answer.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter

# ---- Words -----------------------------------------------------------------------------------------------------------


def _any(text: str) -> str:
    """A pattern for any of some words, at a sentence's start too; by first letters, which keeps it small and fast."""
    letters = groupby(sorted(set(text.split())), key=itemgetter(0))
    branches = (
        f"[{letter}{letter.upper()}](?:{'|'.join(w[1:] for w in words)})" for letter, words in letters
    )
    return rf"(?:{'|'.join(branches)})\b"


def _verb_forms(base: str) -> tuple[str, str, str]:
    """Base, third person and past of a regular verb."""
    if base.endswith("y") and base[-2] not in "aeou":
        return base, f"{base[:-1]}ies", f"{base[:-1]}ied"
    third = f"{base}es" if base.endswith(("s", "sh", "ch", "x")) else f"{base}s"
    return base, third, f"{base}d" if base.endswith("e") else f"{base}ed"


_PREPOSITIONS = """of in on at by with for from into onto through under over between during against near across along
after before within without about above below behind beyond among per via until since toward towards inside outside
than as to"""
_FUNCTION_WORDS = f"""{_PREPOSITIONS} is are was were be been being have has had do does did can could will would shall
should may might must a an the this that these those its it their they them his her he she him we us our you your my i
and or but nor so yet if because although though while when where which who whom whose what why how there here not no
only also both either neither each every any some all most more less many much few several such other another same own
very too just even still then thus hence however therefore moreover later instead often usually always never once again
now today one up down out off away back together rather quite almost nearly around despite unlike like upon except first
second third last next someone everyone nobody nothing anything something everything others ones twice half further
meanwhile soon"""
# Verbs that would pass for nouns; regular pasts are known by their ending.
_VERBS = """allows appears asks became become becomes began begins begun bought broke brought built call came carries
chose chosen come comes consists contains cost depends drawn drew drive driven drove fallen feel fell felt find flew
found gave get gets give given gives go goes gone got grew grown held hit holds includes keeps kept knew know known
laid lay led left lent let lets lies lost made make makes means meant met need needs paid produces provides put ran
rang read receives refers remain remains requires rose runs said sat saw say says see seems seen sent serves set shook
show showed shown shows shut sold spent spoke stands stay stays stood struck take taken takes taught tell think
thought threw told took try turn understood use uses want went wins won wore written wrote"""
_PERSON = _any("""actor actress architect author bishop botanist brother captain chair chairman chief commander composer
cousin daughter designer director editor engineer father founder governor granddaughter grandfather grandmother grandson
head husband inventor keeper king leader man manager mathematician mayor member minister mother nephew owner painter
physicist player poet politician premier president professor queen sailor scientist secretary singer sister son surveyor
uncle wife winner woman writer""")
_MADE = _any("""built commissioned composed created designed developed directed discovered edited established financed
founded introduced invented opened owned painted produced proposed published written""")
_PLACED = _any(
    "located situated based held born built kept stored buried found installed mounted housed moored made"
)
_PARTICIPLES = _any("""begun bought brought built cast chosen cut drawn drilled driven found given grown held hung kept
known laid led lost made put read rebuilt rewritten sent set shown sold spent struck taken taught torn won worn wound
written""")

# Verbs that are asked about with do, does and did.
_IRREGULAR = """have has had; hold holds held; begin begins began; sink sinks sank; find finds found; build builds
built; leave leaves left; win wins won; buy buys bought; sell sells sold; become becomes became; write writes wrote;
cost costs cost; take takes took; keep keeps kept; show shows showed; control controls controlled"""
_MAKE = "found build write design discover invent establish publish"
_HAPPEN = f"""{_MAKE} open begin end close start die retire return move collapse arrive sink join leave win reach
complete buy sell become"""
_HOLD = "have contain hold comprise include employ carry own operate receive produce serve cover use require need keep"
_ACT = f"""{_HOLD} {_MAKE} measure provide support record store describe replace control collect protect form connect
reduce increase represent compress enclose show reach"""
_IRREGULAR_FORMS = [tuple(row.split()) for row in _IRREGULAR.split(";")]
_REGULAR = set(f"{_HAPPEN} {_ACT} weigh last".split()) - {forms[0] for forms in _IRREGULAR_FORMS}
# What a form becomes in a question: "holds" → ("does", "hold").
DO = {
    form: (auxiliary, forms[0])
    for forms in [*_IRREGULAR_FORMS, *map(_verb_forms, sorted(_REGULAR))]
    for form, auxiliary in zip(forms, ("do", "does", "did"), strict=True)
}


def _verb(bases: str, auxiliaries: str = "do does did") -> str:
    """A pattern, as group `v`, for the forms of some verbs that go with some of do, does and did."""
    forms = (form for form, (do, base) in DO.items() if base in bases.split() and do in auxiliaries.split())
    return rf"(?P<v>{'|'.join(forms)})\b"


# ---- Phrases ---------------------------------------------------------------------------------------------------------

_WORD = r"[^\W\d_][\w’'-]*"
_UPPER = "[A-ZÀ-ÖØ-Þ]"
_NOUN = rf"(?!{_any(f'{_FUNCTION_WORDS} {_VERBS}')}){_WORD}(?<![^e]ed)(?<!ly)(?<!’s)(?<!'s)(?![\w’'-])"
_NOUNS = rf"(?:(?:\b| ){_NOUN}){{1,4}}"
_OF_NOUNS = rf"{_NOUNS}(?: of (?:the )?{_NOUNS})?"
_LABEL = r"(?:Fig|Figure|Table|Section|Chapter|Eq|Equation)s?\b"
_NAME_WORD = rf"(?!{_any(_FUNCTION_WORDS)}|{_LABEL}){_UPPER}[\w’'-]+(?<!’s)(?<!'s)(?![\w’'])"
_LINK = rf"(?: (?:of|of the|for|de|van|von|du|da|do|dos|des|la|del|bin)(?= ))?(?: {_UPPER}\.)*"
_NAME = rf"(?:{_UPPER}\. )*{_NAME_WORD}(?:{_LINK} {_NAME_WORD}){{0,5}}"

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_YEAR = r"(?:1[0-9]|20)\d\d"
_DATE = (
    rf"(?:\d{{1,2}} {_MONTH}(?:,? {_YEAR})?|{_MONTH} \d{{1,2}}(?:, {_YEAR})?(?!\d)|{_MONTH},? {_YEAR}"
    rf"|(?<=[Ii]n ){_MONTH}|the {_YEAR}s|{_YEAR}(?!\w|[.,]\d|[-–]\w|%)|the \d{{1,2}}(?:st|nd|rd|th) century)"
)
_NUMBER_WORD = _any("""two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety""")
_POWER = r"(?: (?:hundred|thousand|million|billion|trillion)\b)?"
_NUMBER = rf"(?:\d+(?:,\d{{3}})*(?:\.\d+)?|{_NUMBER_WORD}(?:-[a-z]+)?){_POWER}"
_UNIT = (
    r"(?:%|°C?|per ?cent|percentage points|(?:square |cubic )?(?:(?:kilo|centi|milli|micro|nano)?met(?:re|er)s?|"
    r"feet|foot|miles?|inch(?:es)?|yards?)|[kcmn]?m[²³]?|hectares?|acres?|(?:kilo|milli)?grams?|[km]?g|tonn?es?|tons?|pounds?|"
    r"(?:milli)?lit(?:re|er)s?|ml|seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centuries|degrees?|"
    r"dollars?|euros?|(?:kilo|mega|giga)?(?:watts?|hertz|bytes?|volts?)|[kMG]?(?:W|V|Hz|B)|knots|people|times|tokens)(?!\w)"
)
_QUANTITY = rf"(?:[$€£¥]{_NUMBER}|{_NUMBER}(?:[ \u00a0-]?{_UNIT}(?: per {_WORD})?)?)"
_ABOUT = "(?:(?:about|some|only|around|nearly|roughly|almost|exactly) )?"
_OFTEN = rf"(?:every|once an?|twice an?)(?: {_NUMBER})? [a-z]+|(?:once |twice )?(?:hourly|daily|weekly|monthly|yearly)"

_END = r"(?=[.,;:)](?:\s|$)|$)"  # of a clause
_EDGE = (
    rf"(?=[.,;:)]|$| {_any(f'{_PREPOSITIONS} and or but which that who where when while because')}| [—–(])"
)
_VAGUE = _any("""age basis beginning behest case course end fact form help kind lack number order part process purpose
rest result set side sort start time times top use view way ways""")
_ASKED_FOR = rf"(?!{_VAGUE}{_EDGE})(?P<a>{_NOUNS}){_EDGE}"  # nouns that are not merely a vague one

# ---- What people ask for in a sentence -------------------------------------------------------------------------------

# Earlier rows win: a later find may enclose an earlier one, but neither begin nor end inside it.
SPANS: tuple[str, ...] = (
    # dates, numbers with their units, names; a single capital at the start of a sentence says nothing
    rf"(?<![\w$€£.,-])(?P<a>{_DATE})",
    rf"(?<![\w.,$€£–[-])(?<!Figure )(?<!Table )(?<!Section )(?P<a>{_QUANTITY})(?![\w%\]]|[.,–-]\d)",
    rf"(?<![\w’'.-])(?!^{_NAME_WORD}(?! {_UPPER}))(?P<a>{_NAME})",
    # "called the lantern room"
    rf"\b(?:called|named|known as|termed|nicknamed) (?:the |an? )?(?P<a>{_NOUNS}){_EDGE}",
    # "wind, snow and ice": all members but the first, whose beginning cannot be told
    rf"(?<=\w, )(?P<a>{_NOUN}(?: {_NOUN}){{0,2}})(?=, {_NOUN}|,? (?:and|or) {_NOUN}(?: {_NOUN})?{_EDGE})",
    rf"\w, {_NOUNS},? (?:and|or) (?P<a>{_NOUN}(?: {_NOUN}){{0,2}}){_EDGE}",
    # "is a survey of the lakes", "under the floor", "its northern wall"
    rf"\b(?:is|are|was|were|became|remains) (?:an?|the) (?P<a>{_OF_NOUNS}){_EDGE}",
    rf"\b(?!to\b){_any(_PREPOSITIONS)} (?:the |an? |its |their |his |her )?{_ASKED_FOR}",
    rf"\b(?:the|an?|its|their) {_ASKED_FOR}",
    # causes and means
    rf"\b(?:because(?: of)?|due to|owing to|so that|in order to) (?!of )(?P<a>[^,;:()]{{8,100}}?){_END}",
    rf"\bby (?P<a>[a-z]+ing [^,;:()]{{3,80}}?){_END}",
)

# Where a clause may begin that stands alone, and where a sentence may be ended: a relative clause can be left off.
_CONJUNCTIONS = "and |but |so |while |whereas |although |because "
CLAUSE_BEGIN = re.compile(
    rf"(?:[;:]|,| [—–]) (?:{_CONJUNCTIONS})?(?=(?:[Tt]he|[Tt]here|it|they|he|she|{_UPPER}\w+)\b)"
)
CLAUSE_END = re.compile(rf"[;:] | [—–] |, (?={_CONJUNCTIONS}|which |who |where )")
# A heading that ran into its sentence: nothing but a title capitalises "The" before a lower-case word.
_OPENER = _any("a after an at before each every in it its on the their these they this when")
HEADING = re.compile(rf"(?:\d+(?:\.\d+)*\.? )?[^.,;:]{{1,80}}?[\w)] (?={_UPPER})(?={_OPENER} [a-z])")

# ---- Clauses that answer a question ----------------------------------------------------------------------------------

_THE = rf"[Tt]he {_NOUNS}(?: (?:of|for|at|on|in|from) (?:the )?{_NOUNS})?"
_S = rf"(?P<s>{_THE}|(?!{_UPPER}[a-z]+(?<![siu])s\b(?! {_UPPER})){_NAME})"  # a lone plural is no name
_S_IS = rf"{_S} (?P<be>is|are|was|were)"
_PARTICIPLE = rf"(?:[a-z]+ly )?(?:first |last |again )?(?:[a-z]+ed|{_PARTICIPLES})(?!\w)"
_PASSIVE = "is|are|was|were|(?:has|have|had)(?= been)|(?:can|could|must|will|should)(?= be)"
_BREAK = _any(
    "after although and as because before but if in on once or than that twice until when where which while who"
)
_REST = rf"(?: (?!{_BREAK})[\w’'-]+)"  # one more word of the same clause


def _done(words: int) -> str:
    """A subject, and what is done with it, in a participle and at most so many more words."""
    return rf"{_S} (?P<be>{_PASSIVE}) (?P<p>(?:been |be )?{_PARTICIPLE}{_REST}{{0,{words}}})"


_PLURAL = rf"(?P<p>(?:{_NOUN} ){{0,2}}(?:[a-z-]+s(?<!ss)|people|men|women|children))"
_PLACE = rf"(?!{_DATE})(?:the )?(?P<a>{_NAME}|(?<=the ){_NOUNS})"
_POST = rf"{_PERSON} (?:of|at) (?:the )?{_NOUNS}"
_THING = rf"(?P<a>[Tt]he (?!{_PERSON}){_NOUNS})"
_SCALE = "altitude|depth|distance|frequency|height|pressure|rate|resolution|speed|temperature"
_A_DATE = rf"(?P<a>{_DATE}){_END}"
_A_QUANTITY = rf"{_ABOUT}(?P<a>{_QUANTITY})"
_A_NUMBER = rf"{_ABOUT}(?P<a>{_NUMBER})"

# Question → clauses, matched from their beginning, that answer it. Groups fill the question: `s` is the subject, `be`
# and `p` its verb; `do` and `base` come from the verb `v`.
QUESTIONS: tuple[tuple[str, str], ...] = tuple(
    (question, pattern)
    for question, *patterns in (
        (
            "When {be} {s} {p}?",
            rf"{_done(5)} (?:in|on) {_A_DATE}",
            rf"[IiOo]n (?P<a>{_DATE}),? {_done(5)}{_END}",
        ),
        (
            "When did {s} {base}{p}?",
            rf"{_S} {_verb(_HAPPEN, 'did')}(?P<p>{_REST}{{0,5}}) (?:in|on) {_A_DATE}",
            rf"[IiOo]n (?P<a>{_DATE}),? {_S} {_verb(_HAPPEN, 'did')}(?P<p>{_REST}{{0,5}}){_END}",
        ),
        ("Where {be} {s} {p}?", rf"{_S_IS} (?P<p>{_PLACED}) (?:in|at|on|near) {_PLACE}{_END}"),
        ("Why {be} {s} {p}?", rf"{_done(5)} because (?!of )(?P<a>[^,;:()]{{8,100}}?){_END}"),
        ("How {be} {s} {p}?", rf"{_done(4)} by (?P<a>[a-z]+ing [^,;:()]{{3,80}}?){_END}"),
        ("How often {be} {s} {p}?", rf"{_done(4)} (?P<a>{_OFTEN}){_END}"),
        ("At what {n} {be} {s} {p}?", rf"{_done(4)} at an? (?P<n>{_SCALE}) of {_A_QUANTITY}(?![\w,.]\w)"),
        ("What {be} {s} used for?", rf"{_S_IS} used to (?P<a>[a-z]+ [^,;:()]{{3,80}}?){_END}"),
        ("How {p} {be} {s}?", rf"{_S_IS} {_A_QUANTITY} (?P<p>high|tall|wide|deep|long|thick|old)\b"),
        ("How much {do} {s} {base}?", rf"{_S} {_verb('weigh cost')} {_A_QUANTITY}{_END}"),
        ("How long {do} {s} {base}?", rf"{_S} {_verb('take last')} {_A_QUANTITY}{_END}"),
        ("How many {p} {do} {s} {base}?", rf"{_S} {_verb(_HOLD)} {_A_NUMBER} {_PLURAL}{_EDGE}"),
        (
            "How many {p} {be} there {q}?",
            rf"[Tt]here (?P<be>are|were) {_A_NUMBER} {_PLURAL} (?P<q>(?:in|on|at) (?:the )?{_NOUNS}){_END}",
        ),
        (
            "How many {p} {be} {q}?",
            rf"{_A_NUMBER} {_PLURAL} (?P<be>are|were) (?P<q>{_PARTICIPLE}{_REST}{{0,6}}){_END}",
        ),
        (
            "Who {p}?",
            rf"(?P<a>{_NAME}) (?P<p>{_verb(_MAKE, 'did')} (?:the|an?) {_NOUNS}{_REST}{{0,4}}){_END}",
        ),
        ("By whom {be} {s} {p}?", rf"{_S_IS} (?P<p>{_MADE}) by (?:the )?(?P<a>{_NAME})(?:{_END}| in | on )"),
        ("Who {be} the {p}?", rf"(?P<a>{_NAME}) (?P<be>is|was) the (?P<p>(?:[a-z]+ )?{_POST}){_END}"),
        ("Who {be} {s}?", rf"(?P<s>[Tt]he (?:[a-z]+ )?{_POST}) (?P<be>is|was) (?P<a>{_NAME}){_END}"),
        ("Who is the {p}?", rf"(?P<a>{_NAME}), (?:the |its )?(?P<p>{_POST}),"),
        (
            "What {be} {s} {p}?",
            rf"{_S_IS} (?P<p>(?:also |now |often )?(?:called|known as|named)) (?:the )?(?P<a>{_NAME}|{_NOUNS}){_END}",
            rf"{_S} (?P<be>{_PASSIVE}) (?P<p>(?:been |be )?{_PARTICIPLE} (?:with|from|for|of|into|by)) "
            rf"(?:the |an? )?(?P<a>(?!{_UPPER}){_OF_NOUNS})(?! of ){_EDGE}",
        ),
        (
            "What {be} {s}?",
            rf"(?P<s>[Tt]he (?!(?:{_WORD} )?{_PERSON}){_NOUNS} (?:of|in) (?:the )?{_NOUNS}) (?P<be>is|are|was|were) "
            rf"(?:the )?{_ABOUT}(?P<a>{_NAME}|{_QUANTITY}){_END}",
            rf"(?P<s>{_THE}) (?P<be>is|was) an? (?P<a>{_OF_NOUNS}){_END}",
        ),
        ("What {do} {s} {base}?", rf"{_S} {_verb(_ACT)} (?:the|an?|its) (?P<a>{_OF_NOUNS})(?! of ){_EDGE}"),
        (
            "What {p}?",
            rf"{_THING} (?P<p>(?:is|was) {_MADE} by {_NAME}(?: in {_DATE})?){_END}",
            rf"{_THING} (?P<p>{_verb(_ACT, 'does did')} (?:the|an?|its|\d\S*) {_NOUNS}{_REST}{{0,5}}){_END}",
        ),
    )
    for pattern in patterns
)
# Where such a clause may begin in a sentence.
BEGINNING = re.compile(rf"^|; |, (?:{_CONJUNCTIONS})?")
