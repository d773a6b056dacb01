"""English words, as far as question rules need them: closed classes, units, kinds of nouns, verbs in their forms."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


def _listed(text: str) -> list[str]:
    return text.split()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# One letter for each class of words; a sentence is then a string of such letters, in which phrases are patterns.
CLOSED_CLASSES = {
    "d": "the a an each every both all several",
    "j": "its their his her our your my whose",
    "z": """
    this these those such some many other another any no most more less few fewer much either neither one none half
    certain various same last next previous following latter former similar different further own
    """,
    "s": """
    it they he she we i you them him us me itself themselves himself herself there here someone everyone nobody
    nothing anything something everything others ones oneself
    """,
    "p": """
    in on at by with from for into onto through under over between during against near across along within without
    about above below behind beyond among amongst per via toward towards inside outside around beside despite
    throughout upon off like unlike besides plus versus alongside beneath
    """,
    "P": "as than since until till before after",  # may open a clause too
    "f": "of",
    "t": "to",
    "c": "and or",
    "k": "but nor yet so whereas though although while if unless whether",
    "r": "that which who whom what when where why how once",
    "R": "because",
    "b": "is are was were",
    "B": "be been being",
    "h": "has have had",
    "m": "can could will would shall should may might must cannot",
    "o": "do does did done doing",
    "a": """
    not only also very too just even still then thus hence however therefore moreover later instead often usually
    always never again now up down out away back together rather quite almost nearly about soon ever already
    approximately roughly twice meanwhile today sometimes perhaps indeed first well far elsewhere forward aside ago
    otherwise furthermore nevertheless yesterday overnight abroad apart along twofold annually daily monthly weekly
    yearly hourly
    """,
    "M": """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December
    """,
    "S": "spring summer autumn winter",
    "q": """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion
    """,
}
UNITS = _words("""
    % ° °C °F C percent percentage point points metre metres meter meters kilometre kilometres kilometer kilometers
    centimetre centimetres centimeters millimetre millimetres millimeters micrometres foot feet mile miles inch
    inches yard yards km cm mm m nm µm μm km² m² m³ ha hectare hectares acre acres gram grams kilogram kilograms
    milligrams kg g mg µg μg tonne tonnes ton tons pound pounds lb oz litre litres liter liters millilitre
    millilitres ml mL L l second seconds minute minutes hour hours day days night nights week weeks month months
    year years decade decades century centuries degree degrees dollar dollars euro euros pence watt watts kilowatt
    kilowatts megawatts W kW MW V kV mV A mA Hz kHz MHz GHz volt volts byte bytes bit bits kilobytes megabytes
    gigabytes KB MB GB TB ms s h min bar mbar Pa kPa MPa hPa rpm knot knots mM µM μM nM pH bp kb kDa dB N kN J kJ eV
    kWh MWh lux ppm square cubic
    """)

# Nouns of people: who, and not what.
PERSONS = _words("""
    actor actress architect author bishop botanist brother captain chairman chairwoman chairperson chief commander
    composer cousin daughter designer director editor engineer father founder governor grandfather grandmother
    customer customers husband inventor keeper king leader man manager mathematician mayor minister mother nephew
    officer owner painter physicist player poet politician premier president professor queen sailor scientist
    secretary singer sister son surveyor teacher treasurer judge chef guard uncle wife winner woman writer people
    men women children child students student workers researchers engineers authors users user operator operators
    visitors volunteers residents teachers doctors doctor physician patient patients participants passengers
    passenger family families survivors settlers refugees guests prisoners troops tenants directors owners farmers
    farmer fishermen soldiers soldier priests priest pupils employees developer developers programmer programmers
    inspector clerk warden curator librarian technician technicians assistant assistants builder builders contractor
    emperor pope prince princess duke earl colonel lieutenant lawyer
    """)
HONORIFICS = _words("""
    Mr Mrs Ms Miss Dr Prof Professor Sir Lady Lord Captain Colonel General King Queen Prince President
    """)
# Bodies of people: who, where they act.
BODIES = _words("""
    member members agency army association authority board church committee commission company congress corporation
    council court crew department firm government group institute ministry parliament party police society staff
    team trust union university manufacturer supplier contractor navy club band family foundation senate school bank
    """)
# What comes after a name of several words that is no person's.
NO_PERSON = _words("""
    University Society Company Institute Council College School Museum Street Road River Lake Sea Ocean Island
    Islands Mountain Mountains Bridge Tower Church Cathedral Castle Park Station Hotel House Hall Party Army Navy
    Force League Union Association Committee Department Ministry Office Agency Bank Corporation Group Trust
    Foundation Centre Center Library Theatre Hospital Festival Award Prize Championship Cup Games Act Treaty War
    Battle Empire Kingdom Republic State States City Town County District Province Region Valley Bay Airport Railway
    Line Court Board Times Club Records Studios Project Programme Program System Language Conference Congress
    Parliament Inc Ltd Co Limited North South East West World Version Model Type Class Part Series Album Century
    Period Age Revolution Constitution Reformation Bible Code
    """)

# Nouns that name a place: where.
PLACES = _words("""
    archive attic barn basement bay beach building cabin campus castle cathedral cave cellar centre center chamber
    church city coast college corner corridor country county courtyard desert district dock factory farm field
    forest garage garden gallery garrison hall harbour harbor hill hospital hotel house island kitchen laboratory
    lake library lobby mill mine monastery mountain mountains museum northeast northwest office palace park
    peninsula plain port province quarry quay region reservoir ridge river roof room school shed shore site
    southeast southwest square stable station storeroom street suburb summit temple theatre theater tower town
    tunnel university valley vault village wall ward warehouse wing woods workshop yard north south east west floor
    shelf cupboard cabinet drawer lid housing
    """)
# Nouns that a number measures: at what speed, what is the height.
SCALES = _words("""
    age altitude amount angle area balance budget capacity concentration cost current density depth diameter
    distance elevation fee frequency height humidity income length level limit mass population power price pressure
    rate ratio resolution salary size speed sum temperature thickness tolerance total value velocity voltage volume
    wavelength weight width yield
    """)
ASKED_TO = _words("""
    design require intend expect allow ask tell order instruct force permit schedule authorise authorize
    """)
TAKES_INFINITIVE = _words("""
    plan plans right rights ability decision attempt attempts need way ways effort efforts permission agreement
    proposal proposals opportunity opportunities offer power tendency chance failure desire intention time capacity
    willingness reason order obligation request requests authority freedom
    """)
# Verbs whose passive keeps an object.
WITH_OBJECT = _words("""
    call name give award elect appoint declare make consider offer grant pay assign deem dub render title entitle
    show teach tell send nickname rename term crown ask charge label
    """)
REPORTING = _words("""
    say report show find argue suggest conclude note state claim hold announce reveal demonstrate indicate estimate
    believe predict require recommend confirm agree decide warn propose
    """)
NO_PLACE = _words("""
    War Wars Battle Act Treaty Prize Award Championship Games Series League Cup Album Party Language Code Bible
    Report Paper Agreement Constitution Revolution Age Era Period English French German Latin Greek Spanish Section
    Chapter Table Figure Fig Appendix Version
    """)
# Phrases that only join a sentence to the one before.
JOINING = (
    "(?:in|by|for|as|at|on|to) (?:an? |the )?(?:"
    + "|".join(
        _listed("""
    contrast result addition example fact general particular turn instance consequence comparison total all practice
    principle theory short response word words case cases way hand end beginning time moment part this that
    conclusion summary effect extent respect context study paper first present average
    """)
    )
    + ")"
)
BE = ("is", "are", "was", "were")
IDLE = _words("""
    also then thus therefore hence however again meanwhile moreover furthermore instead still even
    """)
PLURALS = _words("""people men women children data police staff team media bacteria mice""")
CHANGING = _words("""
    rise fall grow increase decrease drop reduce raise decline shorten extend exceed change cut improve
    """)
ONLY = _words("""only just too together both alone""") | IDLE | {"in order"}
SEEMING = _words("""remain seem appear prove stay become""")
# Verbs whose object, where it is a name, is a person's: whom.
OF_PERSONS = _words("""
    defeat marry beat succeed accuse arrest interview elect appoint meet divorce portray consult dismiss hire invite
    thank criticize criticise replace
    """)
MEASURING = _words("""weigh cost deliver produce hold contain measure earn pay cover spend""")
# Verbs that need no object: any other without one is a participle.
INTRANSITIVE = _words("""
    act agree aim appear apply arise arrive begin belong break burn care change climb close collapse come compete
    concentrate consist continue contribute converge correspond cost decline decrease depart depend derive develop
    die differ disappear dissolve drop embark emerge end enter escape evolve exist expand extend fail fall flash
    meet flee float flow fly focus freeze function gather go graduate grow happen improve increase intersect
    interact join last lead leave lie live look melt merge migrate move occur open operate originate participate
    pass proceed range rank react refer relate rely remain reside resign respond rest result retire return rise
    rotate run sail score serve settle shift shine shut sink sit sleep speak split spread stand start stay stem step
    stop struggle study succeed suffer surrender survive swim switch talk travel turn vary vote wait walk win work
    yield coincide collaborate cooperate stretch vanish adjourn weigh feature report land crash rain culminate
    """)
SOMETHING_TO_DO = _words("""
    agree decide plan intend want hope refuse promise propose resolve aim offer choose learn
    """)
NOT_OF_NOUN = _words("""
    use put place spend pay charge blame thank award provide impose mount store keep hang fix prepare
    """)
CALLED = _words("""call name title entitle dub nickname rename term""")
KEPT_IN = _words("""
    store keep write print publish describe bury wrap involve place hide immerse dissolve record preserve use
    """)
# Nouns too vague to be an answer.
VAGUE = _words("""
    addition advantage basis beginning behalf case cases course end example examples extent fact form instance kind
    lack lot manner number order others part parts place process purpose range reason reasons rest result results
    role section set side sort start step terms thing things time times top type use variety view way ways context
    matter question issue point right need chance opportunity tendency potential majority ratio product sum
    percentage future past eq eqs day days increase decrease reduction change changes values error errors support
    access attention interest influence difference differences effect effects impact evidence benefit emphasis
    problem problems kinds types term name series pair figure table paragraph article paper chapter author ability
    person people
    """)

# Verbs: base of a regular one, `+` where its last letter is doubled; below, base, past and participle of the others.
_REGULAR = _listed("""
    abandon abolish absorb accept accompany account accuse achieve acquire act adapt add address adjust administer
    admit+ adopt advance advertise advise affect agree aim align allow alter analyse analyze announce answer appear
    apply appoint appreciate approach approve argue arise arrange arrest arrive ask assemble assess assign assist
    associate assume attach attack attempt attend attract avoid award base bear belong block boil book border borrow
    bury calculate calibrate call cancel+ capture care carry cause celebrate change charge check circulate cite
    claim classify clean clear climb close coat collaborate collapse collect combine command commence comment
    commission commit+ compare compete compile complete compose comprise compress compute concern conclude conduct
    confirm connect conquer consider consist constitute construct consult consume contain contest continue contract
    contribute control+ convene convert cool cooperate coordinate copy correct correlate correspond cost count cover
    crack create cross cultivate damage date debate decide declare decline decorate decrease dedicate defeat defend
    defer+ define delay delete deliver demand demolish demonstrate depart depend deploy deposit derive describe
    design destroy detect determine develop devise devote differ direct disappear discharge discover discuss dismiss
    display dissolve distribute divide document dominate donate double drain drop+ dry earn edit elect elevate
    eliminate embark emerge emit+ employ enable enclose encode encounter encourage end enforce engage enhance enjoy
    enlarge enlist ensure enter equip+ erect escape establish estimate evaluate evolve examine exceed exchange
    exclude execute exhibit exist expand expect experience explain explode exploit explore export expose express
    extend extract face facilitate fail farm fasten favor favour feature file fill filter finance find finish fire
    fit+ fix flash flood flow focus follow force form formulate found freeze function fund gain gather generate
    govern grant graduate grind guarantee guard guide handle happen harvest heat help highlight hire host house
    identify ignore illustrate impact implement imply import impose improve include incorporate increase indicate
    induce influence inform inherit inhibit initiate inject insert inspect inspire install instruct integrate intend
    interact interpret interview introduce invade invent invest investigate invite involve isolate issue join judge
    jump kill label lack land last launch lead lease level+ license lift limit link list live load locate lock look
    lower maintain manage manufacture mark marry match measure melt mention merge migrate minimize modify monitor
    mount move multiply name need negotiate note notice observe obtain occupy occur+ offer open operate oppose order
    organise organize originate own paint park participate pass patrol+ pay perform permit+ persuade place plan+
    plant play plot+ point pose possess pour practise practice predict prefer+ prepare present preserve press
    prevent print probe proceed process proclaim produce program+ prohibit promote prompt propose protect prove
    provide publish pull pump purchase pursue push raise range rank reach realize rebuild recall receive reclaim
    recognise recognize recommend record recover recruit reduce refer+ reflect refuse regard register regulate
    reject relate release relocate rely remain remember remove rename render renew repair repeat replace report
    represent request require rescue research reserve reside resign resist resolve restore restrict result retain
    retire retrieve return reveal reverse review revise reward rise rotate rule sail sample satisfy save scan+ score
    seal search secure seem select separate serve settle shape share shift ship+ shorten sign signal simulate
    situate slip+ sort span+ specify sponsor stabilize staff stage start state stay stem+ step+ stop+ store
    strengthen stress stretch strike structure study submit+ succeed suffer suggest summarise summarize supervise
    supply support suppose surpass surrender surround survey survive suspect suspend sustain switch talk target
    taste tend term terminate test thank threaten total tour trace track trade train transfer+ transform translate
    transmit+ transport travel treat trigger trust try turn undergo update upgrade urge use utilise utilize vary
    view visit vote wait walk want warm warn wash waste watch weigh welcome widen wipe work worship yield rain hover
    flutter lubricate tighten loosen rinse unscrew disconnect plug+ recharge empty refill soak stir mix drill bolt
    clamp oil grease varnish polish map fold spray mow prune plough dig plug tie hinge wire solder tag zip vaccinate
    infect inoculate amplify sequence stain centrifuge dilute incubate sand adjourn postpone second minute chair
    amend audit budget
    """)
_IRREGULAR = """
    arise arose arisen; bear bore borne; become became become; begin began begun; bind bound bound; blow blew blown;
    break broke broken; breed bred bred; bring brought brought; build built built; burn burnt burnt; buy bought
    bought; catch caught caught; choose chose chosen; come came come; cost cost cost; cut cut cut; deal dealt dealt;
    draw drew drawn; drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen; feed fed fed; feel felt
    felt; fight fought fought; find found found; flee fled fled; fly flew flown; forbid forbade forbidden; freeze
    froze frozen; get got got; give gave given; go went gone; grind ground ground; grow grew grown; hang hung hung;
    have had had; hear heard heard; hide hid hidden; hit hit hit; hold held held; keep kept kept; know knew known;
    lay laid laid; lead led led; learn learnt learnt; leave left left; lend lent lent; let let let; lie lay lain;
    light lit lit; lose lost lost; make made made; mean meant meant; meet met met; oversee oversaw overseen; pay
    paid paid; prove proved proven; put put put; read read read; rebuild rebuilt rebuilt; ride rode ridden; ring
    rang rung; rise rose risen; run ran run; say said said; see saw seen; seek sought sought; sell sold sold; send
    sent sent; set set set; shake shook shaken; shine shone shone; shoot shot shot; show showed shown; shrink shrank
    shrunk; shut shut shut; sing sang sung; sink sank sunk; sit sat sat; speak spoke spoken; spend spent spent;
    split split split; spread spread spread; stand stood stood; steal stole stolen; stick stuck stuck; strike struck
    struck; swim swam swum; take took taken; teach taught taught; tear tore torn; tell told told; think thought
    thought; throw threw thrown; undergo underwent undergone; understand understood understood; wear wore worn;
    weave wove woven; win won won; wind wound wound; withdraw withdrew withdrawn; write wrote written
    """
# What people do and things do not: who did it.
HUMAN_VERBS = _words("""
    found write paint compose design invent discover lead establish publish chair propose edit develop create
    commission direct produce introduce conduct win teach marry announce appoint elect defeat buy purchase sell own
    manage supervise coin visit decide ask say argue suggest report translate draw play sing govern rule conquer
    capture oversee commence launch serve attend graduate retire resign join sign vote accuse arrest believe learn
    study migrate emigrate move return die live receive perform travel accept reject approve agree claim note state
    observe sponsor fund finance donate present second build discuss explore organise organize
    """)
NO_PURPOSE = _words("""
    take seek show demonstrate observe differentiate fail threaten know suppose presume suspect reveal bind link
    shift allow ask require enable expect say think need seem tend appear continue want try begin agree intend plan
    decide refuse lead cause force encourage help permit believe have attempt aim start cease prefer wish hope claim
    prove manage like oblige tell advise invite order urge instruct estimate consider report find happen come go get
    persuade learn choose offer be able likely due set
    """)
MOTION = _words("""
    move send transfer carry bring return travel sail ship take relocate go come transport
    """)

_NO_PASTS = _words("""
    bed breed embed exceed feed hundred indeed need proceed red seed shed speed succeed weed
    """)
_NO_GERUNDS = _words("""
    building ceiling during evening king morning ring spring string thing nothing something anything wing
    """)
_NO_ADVERBS = _words("""
    assembly anomaly belly family fly italy july ally lily only monopoly rally reply supply
    """)


class Verb(NamedTuple):
    """A form of a verb: its base, its past, its participle, and which forms it may be."""

    base: str
    past: str
    participle: str
    forms: frozenset[str]


def _regular(row: str) -> tuple[str, str, str]:
    base = row.rstrip("+")
    if row.endswith("+"):
        return base, f"{base}{base[-1]}ed", f"{base}{base[-1]}ed"
    if base.endswith("y") and base[-2] not in "aeou":
        return base, f"{base[:-1]}ied", f"{base[:-1]}ied"
    past = f"{base}d" if base.endswith("e") else f"{base}ed"
    return base, past, past


def third_person(base: str) -> str:
    """A verb as it follows he and it: "carries"."""
    if base.endswith("y") and base[-2] not in "aeou":
        return f"{base[:-1]}ies"
    return {"have": "has"}.get(
        base, f"{base}es" if base.endswith(("s", "sh", "ch", "x", "z", "o")) else f"{base}s"
    )


@cache
def verbs() -> dict[str, Verb]:
    """Every known form of a verb, and what it is a form of."""
    irregular = [(base, past, participle) for base, past, participle in map(str.split, _IRREGULAR.split(";"))]
    own = {base for base, _, _ in irregular}
    rows = [*irregular, *(_regular(row) for row in dict.fromkeys(_REGULAR) if row not in own)]
    known: dict[str, Verb] = {}
    for base, past, participle in rows:
        forms = {"base": base, "third": third_person(base), "past": past, "participle": participle}
        for form in forms.values():
            kinds = frozenset(kind for kind, text in forms.items() if text == form)
            known.setdefault(form, Verb(base, past, participle, kinds))
    return known


@cache
def _closed() -> dict[str, str]:
    return {word: letter for letter, words in CLOSED_CLASSES.items() for word in words.split()}


_MARKS = {"—": "-", "–": "-", "…": ".", "!": ".", "%": "U"}
_YEAR = re.compile(r"(?:1[0-9]|20)\d\d(?:s|–\d{2,4})?")


@cache
def word_class(word: str) -> str:
    """The letter of a word's class, what stands around it not considered."""
    lower = word.casefold()
    if word[0].isdigit() or word[0] in "$€£¥":
        return "y" if _YEAR.fullmatch(word) else "q" if re.fullmatch(r"[$€£¥]?[\d.,–]+", word) else "n"
    if word in ("’s", "'s", "’", "'"):
        return "x"
    if not word[0].isalpha():
        return word if word in ",.;:()-" else _MARKS.get(word, "?")
    letter = _closed().get(word) or _closed().get(lower)
    if letter:
        return letter
    if word[0].isupper():
        return "N"
    verb = verbs().get(lower)
    if verb and "participle" in verb.forms:
        return "e" if "base" not in verb.forms else "i"
    if verb and "past" in verb.forms:
        return "v"
    if verb:
        return "w" if "third" in verb.forms else "i"
    if lower.endswith("ed") and lower not in _NO_PASTS:
        return "e"
    if lower.endswith("ing") and lower not in _NO_GERUNDS and len(lower) > 4:
        return "g"
    if lower.endswith("ly") and lower not in _NO_ADVERBS:
        return "a"
    return "n"
