"""Everyday short forms of first names in British schools, the names they stand for, and other spellings."""

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
SHORT_FORMS: dict[str, frozenset[str]] = {
    name: frozenset(short for short, names in NICKNAMES.items() if name in names)
    for name in frozenset().union(*NICKNAMES.values())
}

#: Short forms that are names in their own right: a brother or sister may well bear the long one.
OWN_NAMES = frozenset(
    name
    for names in ("alex ali bella charlie ella ellie evie jo", "leo lexi lily lucy molly poppy rosie sam")
    for name in names.split()
)

# One name in the letters of another alphabet, or as families came to spell it: no parents give two of a line.
_SPELLINGS = """
mohammed muhammad mohammad mohamed mohamad muhammed mohamud muhamad | ahmed ahmad achmed | ali aly |
yusuf yousuf yousef youssef yusef yosef | ibrahim ebrahim ibraheem | ismail ismael esmail ismaeel |
abdullah abdulla abdallah | abdul abdel | hussain hussein husain hussayn | hassan hasan | hamza hamzah |
umar omar | usman uthman osman | mustafa mostafa mustapha | sulaiman suleiman sulayman soleiman |
zakariya zakaria zakariyya | isa eesa essa | musa mousa moosa | rayyan rayan | zain zayn zane | haris
harris | khalid khaled | tariq tarek tarik | jamal gamal | aisha ayesha aysha aicha aishah | fatima
fatimah fatema fathima | khadija khadijah kadija khadeeja | zainab zaynab zeinab zeynep | maryam mariam
miriam meryem | zahra zara zahrah | hafsa hafsah | sumaya sumayyah | amina aminah amna | layla leila
laila leyla | noor nour nur | yasmin yasmine | chloe khloe cloe | zoe zoey zoie | sophie sofie | sophia
sofia | isabelle isabel isobel isabell | isabella izabella | catherine katherine kathryn katharine |
caitlin kaitlyn caitlyn katelyn kaitlin | sarah sara | hannah hanna | rebecca rebekah | rachel rachael |
anna ana | elizabeth elisabeth | phoebe pheobe | niamh neve neave | jackson jaxon jaxson | rhys reece
reese rees | sean shaun shawn | stephen steven | philip phillip | aidan aiden ayden | connor conor conner
| callum calum | brian bryan | geoffrey jeffrey | jonathan johnathan jonathon | nicholas nicolas |
alexander aleksander alexandre | alexandra aleksandra | katarzyna kasia | malgorzata gosia | jakub kuba |
lukasz lucas lukas | luka luca | andrei andrey andrej | mikolaj mikolai | zofia sofia | oluwaseun seun |
oluwadamilola damilola dami | oluwatobi tobi tobiloba | adebayo bayo | chukwuemeka emeka | lily lilly
lili lillie | evie evi | ellie elly | millie milly | abbie abby abi | maddie maddy | alfie alfy | mehmet
mehmed | ayse aise |
"""


def _spellings(text: str) -> dict[str, frozenset[str]]:
    groups = [frozenset(group.split()) for group in text.split("|")]
    names = frozenset().union(*groups)
    return {name: frozenset().union(*(group for group in groups if name in group)) - {name} for name in names}


SPELLINGS = _spellings(_SPELLINGS)
