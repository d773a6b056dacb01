"""Short sentences cut out of a long one, for rules that read short ones only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clara.pretraining.mapped import Mapped, put_in
from clara.questions.english.phrases import NOUN_OF, compiled
from clara.questions.english.tagging import Run, tag

_BRACKETS = re.compile(r"\s*\([^()]*\)|\s*\[[^][]*\]")
_JOINING = re.compile(
    r"(?:However|Additionally|Furthermore|Moreover|Also|Finally|Meanwhile|Therefore|Thus|Instead|Nevertheless|Similarly"
    r"|Consequently|Then|Later|Eventually|Initially|Originally|Hence|Subsequently|For example|For instance|In addition"
    r"|In fact|As a result|In particular|At the time|By contrast|In general|Overall|Indeed|Today|Currently), "
)
_LEADING = re.compile(
    r"(?:In|On|At|After|Before|During|By|From|Since|When|While|Although|Though|As|With|For|Under|Following|Despite"
    r"|Because|Unlike|If|To|Among|Throughout|Until|Over|Once|Along|Through)\b"
    r"(?:[^,;:]{0,40}? [A-Z][a-z]+ \d+, \d{4})?[^,;:]{0,90}, (?=[\w\"“])"
)
_TAIL = re.compile(
    r",? (?=(?:which|who|whom|whose|where|although|though|while|whereas|because|since|so that|but|including|such as)\b)"
    r"|,? (?=(?:in which|of which|to which|with which|from which)\b)"
    r"|, (?=(?:and|or|with|as|when|then|making|after|before|until|\w+ing|\w+ed) )|; | [—–] "
)
_NEXT = re.compile(
    r"(?:, (?:and|but|while|although|though|whereas|so)|;|\bbut|\bwhile|\balthough|\bbecause"
    r"|\band(?= (?:he|she|it|they) ))"
    r" (?=(?:(?:[Tt]he|[Aa]n?|he|she|it|they|his|her|its) )|[A-Z][a-z])"
)
_ASIDE = re.compile(
    r"(?<=[\w”\"]),(?: [^,;:]{2,90},){1,3} (?=(?:is|was|are|were|has|had|have|[a-z]+ed|became|began|won) )"
)
_RELATIVE = re.compile(f"(?<![nNiwgx])(?P<s>[dNA]{NOUN_OF}),?(?P<r>r)(?=a*[bhmvew])")
_REDUCED = re.compile(f"(?P<s>[NdAs][^,.;:bhmv]{{0,9}})b(?=a*[dq]){NOUN_OF}(?=e)")
_FURTHER = re.compile("(?:^|,?c|,)(?P<e>a?e)p[^,.;:c]+")
_IS = ("located", "situated", "based", "known", "used", "called", "owned", "operated", "found", "spoken")
_FEWEST_WORDS = 4
_MOST_CUTS = 12


def cuts(sentence: Mapped) -> list[Mapped]:
    """What a sentence says in short sentences: itself less brackets first, then what is cut down the most."""
    whole = _without_brackets(sentence)
    found: dict[str, Mapped] = {}
    for cut in _all_cuts(whole):
        if len(cut.text.split()) >= _FEWEST_WORDS and cut.text not in found:
            found[cut.text] = cut
        if len(found) == _MOST_CUTS:
            break
    return list(found.values())


def _all_cuts(whole: Mapped) -> Iterator[Mapped]:
    for clause in (whole, *_clauses(whole)):
        main = _without_opening(clause)
        for part in dict.fromkeys((clause, main)):
            yield part.closed()
            yield from _without_aside(part)
            yield from _without_tail(part)
    yield from _reduced(whole)
    yield from _relatives(whole)


def _without_brackets(text: Mapped) -> Mapped:
    for match in reversed(list(_BRACKETS.finditer(text.text))):
        text = text.without(*match.span())
    return text


def _without_opening(text: Mapped) -> Mapped:
    if joining := _JOINING.match(text.text):
        text = text.part(joining.end()).opened()
    if leading := _LEADING.match(text.text):
        text = text.part(leading.end()).opened()
    return text


def _without_aside(text: Mapped) -> Iterator[Mapped]:
    if aside := _ASIDE.search(text.text):
        yield text.without(aside.start(), aside.end() - 1).closed()


def _without_tail(text: Mapped) -> Iterator[Mapped]:
    ends = [match.start() for match in _TAIL.finditer(text.text)]
    for end in (ends[0], ends[-1]) if len(ends) > 1 else ends:
        yield text.part(0, end).closed()


def _clauses(text: Mapped) -> Iterator[Mapped]:
    """What could stand as a sentence of its own behind a conjunction."""
    tagged = tag(text.text)
    verbs = [span[0] for span, letter in zip(tagged.spans, tagged.tags, strict=True) if letter in "bhmvew"]
    starts = [match.end() for match in _NEXT.finditer(text.text)]
    for start in [start for start in starts if verbs and start > verbs[0]][:3]:
        yield text.part(start).opened()


def _reduced(text: Mapped) -> Iterator[Mapped]:
    """`The mill is a ruin built in 1931, sold by Ada Pym` as `The mill was built in 1931`, `was sold by Ada Pym`."""
    tagged = tag(text.text)
    match = compiled(_REDUCED.pattern).match(tagged.tags)
    start = match.end() if match else len(tagged.tags)
    while match and (further := compiled(_FURTHER.pattern).match(tagged.tags[start:])):
        first, end = start + further.start("e"), start + further.end()
        be = "is" if tagged.word(start + further.end("e") - 1) in _IS else "was"
        subject = text.part(0, tagged.offsets(Run(*match.span("s")))[1])
        said = text.part(*tagged.offsets(Run(first, end)))
        yield subject.then(put_in(f" {be} ")).then(said).closed()
        start = end


def _relatives(text: Mapped) -> Iterator[Mapped]:
    """`the mill, which burnt in 1931` as `The mill burnt in 1931`."""
    tagged = tag(text.text)
    for match in compiled(_RELATIVE.pattern).finditer(tagged.tags):
        if tagged.word(match.start("r")) not in ("which", "who", "that"):
            continue
        run = Run(*match.span("s"))
        start, end = tagged.offsets(run)
        if run.start > 1 and tagged.tags[run.start - 1] == "b":
            start, end = 0, tagged.spans[run.start - 2][1]  # "Ada was a nurse who wrote"
        elif tagged.word(run.start).lower() in ("a", "an"):
            continue
        verb = tagged.spans[match.end()][0]
        stop = text.text.find(",", verb)
        predicate = text.part(verb - 1, None if stop < 0 else stop)
        yield text.part(start, end).opened().then(predicate).closed()
