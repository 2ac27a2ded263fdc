"""Everyday short forms of first names in British schools, and the names they stand for."""

_STANDS_FOR = """
abby: abigail | alex: alexander alexandra alexis | ali: alison | andy: andrew | annie: anne anna annabel
archie: archibald | barney: barnaby | becky: rebecca | bella: isabella arabella annabella | ben: benjamin
benji: benjamin | bertie: albert robert | beth: elizabeth bethany | betty: elizabeth | bill: william
billy: william | bob: robert | bobby: robert | cam: cameron | cass: cassandra | cathy: catherine
charlie: charles charlotte | chris: christopher christian christine | dan: daniel | danny: daniel
dave: david | eddie: edward edwin | edie: edith | ellie: eleanor elizabeth ella | evie: eve evelyn
fred: frederick alfred | freddie: frederick alfred | gabe: gabriel | gaby: gabriella | gracie: grace
hal: henry | harry: henry harrison harold | hattie: harriet | izzy: isabel isabella isobel
jack: john | jake: jacob | jamie: james | jen: jennifer | jenny: jennifer | jess: jessica | jim: james
jimmy: james | jo: joanna joseph josephine | joe: joseph | joey: joseph | johnny: john jonathan
jon: jonathan | josh: joshua | josie: josephine | kat: katherine | kate: katherine catherine
katie: katherine catherine | kim: kimberley | kit: christopher | larry: lawrence | laurie: lawrence
leo: leonard leonardo | lexi: alexandra alexis | libby: elizabeth | lily: lillian elizabeth
liz: elizabeth | lizzie: elizabeth | lottie: charlotte | lou: louis louise | lucy: lucinda
maddie: madeleine madison | maggie: margaret | matt: matthew | max: maximilian maxwell
meg: megan margaret | mick: michael | mike: michael | mikey: michael | millie: amelia emilia millicent camilla
mo: mohammed muhammad mohamed mohammad | molly: mary margaret | nat: nathan nathaniel natalie
nate: nathan nathaniel | ned: edward | nell: eleanor | nellie: eleanor | nick: nicholas | nicky: nicola
ollie: oliver olivia | pat: patrick patricia | penny: penelope | pete: peter | pippa: philippa
poppy: penelope | rob: robert | robbie: robert | ron: ronald | rosie: rose rosemary | sam: samuel samantha
sammy: samuel samantha | sandy: alexander alexandra | stan: stanley | steph: stephanie | steve: stephen steven
winnie: winifred | sue: susan | ted: edward theodore | teddy: edward theodore | theo: theodore
tilly: matilda | tim: timothy | toby: tobias | tom: thomas | tommy: thomas | tony: anthony | vicky: victoria
will: william | zac: zachary | zack: zachary | zak: zachary
"""


def _table(text: str) -> dict[str, frozenset[str]]:
    entries = (
        entry.partition(":") for line in text.splitlines() for entry in line.split("|") if entry.strip()
    )
    return {short.strip(): frozenset(names.split()) for short, _, names in entries}


NICKNAMES = _table(_STANDS_FOR)
