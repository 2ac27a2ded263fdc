"""First names that children in Britain are given, so that two of them are not taken for one and a slip of it.

The commonest are known to the model, with how common they are; these are the rest. Which names there are
matters where two are nearly alike (Mila and Mia, Jayden and Kayden): who has the one may have a twin with the
other.
"""

_NAMES = """
aaron abdul abigail ada adele adriana agnes aidan ailsa aimee aisling alana alanna alba albert alec alena
alexa alexia alfred alfredo ali alia alicia alina alisa alisha alison alissa aliya alma alya alyssa amal
amala amalia amara amari amaya amber amelie amina amir amira amy ana anais anastasia anaya andre andrea
andrew angela angelina angus anika anisa anita aniyah anna annabel annalise annie ansel anthony anya april
arabella archer ariana arianna ariella arlo arran arthur arya asa asher ashley ashton asia athena aubrey
audrey august aurora austin autumn avery aya ayaan ayaana ayah ayan ayla aylin azaan barnaby bea beau beck
belle ben benedict bertie bethan betsy billy blair blake blossom blythe bobbie bodhi bonnie bradley brady
brandon brodie bronwyn brooke bruno byron cain caleb callie camille cara carla carly carmen carol caroline
carys casey casper cassidy catrin cecily celeste celia celine charles charley cheryl chester christian
christina cian clare clementine cleo cody cohen colin colton conrad cooper cora coral corey cory cruz daisie
dale dana daniella danielle danny dante darcey darcy daria dean declan delilah della delyth denis dennis
dexter diana dina dion dolly dominic donna dora doris dorothy douglas drew duncan dylan eden edie edith
effie eila eileen elaina elaine elena eleni eleri eli elian elias elijah elin elina elisa elise elisha eliza
elle ellen ellia ellis elodie eloise elora elsa elvira ember emeli emelia emilie emilio emily emma emmett
emmie emrys enid enzo erica erik ernest ernie esmae esme estelle esther ethan etta eugene eva evan evander
everly ewan eyra ezekiel faith farah fatoumata faye felicity fern finlay finn fiona fionn fletcher fleur
flora flynn fox frances francis franklin freda freddy freja gabriella gareth gary gemma genevieve georgina
gerard gia gianna gideon gilbert gina giovanni giulia gloria grant grayson greta gwen gwendolyn hadley
haider hailey hal hamish hana hanah hanan hania haniya haniyah hanna harlan harley harlow harmony harriet
harris harvey hasan hassan hattie hayden hazel heath heather hector helen helena hetty hollie honey hope
howard hudson husayn hussain ida idris iga igor ikra ila ilana imaan iman ina inara inaya indi india ines
ingrid iqra irene isaiah isha ishaan isobelle isra israel issac ivan ivie ivor izaan jace jackie jacqueline
jad jada jade jaden jaiden jakob jamal jameson jamil jamila jana jane janet jared jasper jax jay jaya jayce
jayda jayden jayla jaylen jean jed jemima jenna jeremiah jeremy jermaine jesse jessie jett joan joanna
joanne joel joey johan johanna john jolie jonah jonas jordan jorge jory josef josephine josh josie joss
jovan joyce juan jules julian juliana juliet juliette julius june juno kade kaden kadie kaia kaiden kaiser
kalia kameron kamil kamila kara karim karima karina karl karla karter kasey kaya kayden kayla kayleigh keane
keegan keeley keira keith kelly kelsey kelvin ken kendall kendra kennedy kenzie kerry kevin keziah kian
kiera kieran killian kimberley kimi kirsty kit klara kobi kody kristian kristina kyla kylan kylie kyra lacie
laila lainey lamar lana lance lara laura lauren lauryn leanne lee leela leia leighton lena lennie lennon
lennox leon leona leonard leonie leonora leopold leticia levi leyton lia liana libby lidia liesl lila lilah
lilia lilian liliana lilith lillia lillie lina linda lisa livia liya lloyd logan lois london lorelai lorena
lorenzo loretta lorna lottie louis louisa louise lowen luana lucia lucian luciana lucien lucinda luke lulu
lyla lyra lyric mabel macie mack mackenzie maddison madeline madison mae maeve maggie maha mahi mahnoor maia
maja malachi malaika malak malakai mali malia malik mara marcel marcella marco marcus margaret margo maria
mariah marianne marie mariella marina mario marion marissa mark marla marley marlon marlowe marnie martin
martina mary maryann mason mathew mathilda matias matilde maude maureen maurice mavis maxim maxine may maya
mckenzie melanie melina melissa melody mercy merryn mia micah michaela michelle mikael mila milan milana
milena miles miley millicent milly milo mina minnie mira miranda miriam misha mitchell mollie mona monica
monty morgan morris moses moss muna mya myah myla myles myra nabila nadia nadine nadiya naila naima nala
nana nancy naomi natalia natalie nathalie nathaniel nell nellie nelly neo nevaeh neve nia niall nicola
nicole nieve nigel nika niko nikolai nila nina noa noel noelle noemi nola noor nora norah nova nya nyla
nylah oakley octavia odette odin ola olive oliwier ollie olly opal ophelia orlaith orlando orson osian otto
pablo paddy paisley pamela parker patience patrick paul paula pauline pearl peggy penny percy perry peter
petra philippa phineas phoenix pia pierce piper polly presley preston primrose priya quinn rachel rae rafael
rafe rahim rahima raif raife raina ralph ramona rania raniya raphael raven ray raya rayan raymond rayna
rayyan reba rebekah reece reed reggie regina reid remi remy ren rene renee reuben rex rhea rhiannon rhoda
rhona rhys ria rian richard ricky rico riley rio rita ritchie river roan rob robin rocco roderick rodrigo
rogan roger rohan roisin roland rolo roma rome romeo romilly romy ronan rory rosa rosalie rosalind rosanna
roscoe roshan ross rowan roxanne roy rubi rudy rufus rupert russell ruth ryan ryder ryker saad saba sabrina
sacha sadie safa safaa safiya sage sahara said saira salem salim salma salome sami samia samir samira sammy
sandra sanna santiago sara sarah saskia savannah scott sean selena selina serena seth shania shannon shaun
shauna shay shea sheila shelby shiloh shona sia sian sid sidney sienna silas silvia simeon simon simone
sindy skyla skylar skyler sofie sol solomon sonia sonny sonya soraya spencer stella stephan stephanie stevie
stuart suki sunny susan susanna susie suzanne sylvia sylvie tabitha tahlia talia taliah tallulah tamara
tamsin tania tanya tara tasha tate tatiana tayla taylor teagan teddie tegan tess tessa thalia theia thelma
theodor theodora theresa thiago tia tiana tiffany tilda tillie tim timothy tobi tobie todd tom toni tony
tracy trevor trinity tristan troy tyla tyler tyra tyrell tyrese ula uma una ursula valentina valentino
valerie vanessa vera verity veronica victor vienna vincent viola violeta vivian vivien vivienne wade walter
warren wendy wesley wilf wilfred willa willem wilma winifred winnie winston woody wren wyatt xander xanthe
xavier yara yasmine yuna yusra yvette yvonne zac zach zachariah zaid zain zaina zaira zak zander zane zaria
zayd zayden zaynah zelda zena zia zion zora zoya zuri
"""

GIVEN_NAMES = frozenset(_NAMES.split())
