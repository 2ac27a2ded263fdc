"""First names and surnames of eight traditions, as invented families bear them; the commonest come first."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tradition:
    """Names that go together.

    Attributes:
        name: what the tradition is called in answer keys.
        share: the part of all families, in thousandths.
        girls, boys, surnames: the commonest first.
        double: the part of families with two surnames, in thousandths.
        gap: what stands between two surnames.
        ethnicity, language: codes of the DfE.
    """

    name: str
    share: int
    girls: Sequence[str]
    boys: Sequence[str]
    surnames: Sequence[str]
    double: int
    gap: str
    ethnicity: str
    language: str


def _words(text: str) -> tuple[str, ...]:
    """The names in a text, where `_` stands for a space within one."""
    return tuple(name.replace("_", " ") for name in text.split())


_BRITISH_GIRLS = _words(
    """
Olivia Amelia Isla Ava Ivy Freya Lily Florence Mia Willow Rosie Sophia Isabella Grace Daisy Sienna Poppy
Elsie Emily Ella Evelyn Phoebe Evie Charlotte Harper Millie Matilda Maisie Sophie Emilia Isabelle Alice
Ruby Mila Luna Aria Erin Penelope Eliza Bonnie Violet Hallie Margot Orla Eleanor Nancy Robyn Thea Lottie
Ellie Chloe Maeve Harriet Jessica Lucy Holly Scarlett Imogen Esme Zara Molly Lola Rose Bella Amber Summer
Niamh Eva Martha Beatrice Abigail Megan Hannah Georgia Lexi Lacey Darcie Francesca Amy Eden Heidi Lydia
Anna Iris Clara Skye Gracie Elizabeth Victoria Aoife Saoirse Ciara Caitlin Bethany Leah Jasmine Tilly
Rebecca Katie Paige Samantha Natasha Madeleine Annabelle Katherine
"""
)
_BRITISH_BOYS = _words(
    """
Noah Oliver George Arthur Leo Theodore Freddie Archie Henry Oscar Theo Jack Charlie Harry Alfie Luca Arlo
Thomas Jacob William Teddy Reuben Roman Rory Albie Lucas Finley James Louie Hugo Alexander Joshua Edward
Elijah Tommy Hudson Sebastian Mason Hunter Max Isaac Rowan Harrison Benjamin Daniel Ezra Logan Ethan
Samuel Jaxon Joseph Jude Reggie Ronnie Otis Frankie Adam David Toby Caleb Jesse Bobby Dylan Albert
Frederick Riley Stanley Zachary Tobias Jenson Rupert Felix Ellis Gabriel Carter Blake Michael Ralph Nathan
Harvey Kai Ryan Connor Callum Liam Owen Rhys Cillian Darragh Fionn Oisin Lewis Matthew Luke Jamie Aiden
Cameron Kyle Robert Christopher Nicholas Jonathan Sean
"""
)
_BRITISH_SURNAMES = _words(
    """
Smith Jones Taylor Williams Brown Davies Evans Wilson Thomas Roberts Johnson Lewis Walker Robinson Wood
Thompson White Watson Jackson Wright Green Harris Cooper King Lee Martin Clarke James Morgan Hughes
Edwards Hill Moore Clark Harrison Scott Young Morris Hall Ward Turner Carter Phillips Mitchell Patterson
Adams Campbell Anderson Allen Cook Bailey Parker Miller Davis Murphy Price Bell Baker Griffiths Kelly
Simpson Marshall Collins Bennett Cox Richardson Fox Gray Rose Chapman Hunt Robertson Shaw Reynolds Lloyd
Ellis Richards Russell Wilkinson Khan Graham Stewart Reid Murray Powell Palmer Holmes Rogers Stevens Walsh
Hunter Thomson Matthews Ross Owen Mason Knight Kennedy Butler Saunders Cole Pearce Dean Foster Harvey
Hudson Gibson Mills Berry Barnes Pearson Kaur Byrne McCarthy O'Brien O'Connor Doyle Gallagher McLaughlin
Doherty Quinn Burns Fletcher Barker Andrews Ford Dixon Grant Hamilton
"""
)
_ROOTS = _words(
    """
Ash Black Brad Brom Chad Clay Cran Dray East Fern Glen Hal Hart Hazel Hol Ken Lang Lin Marsh Mid Nether
New North Oak Pem Ray Red Rock Sel Shel Stan Stock Sut Thorn Up Wal Wel West Whit Win Wood York Beck Cart
Dun Fair Gold Ham
"""
)
_ENDINGS = _words(
    """
bourne bridge bury by cliffe combe cote croft dale den field ford gate ham hill hurst ley man mere more
ridge shaw stead stone ton wick wood worth well thwaite
"""
)

_MUSLIM_GIRLS = _words(
    """
Fatima Aisha Maryam Zainab Khadija Amina Hafsa Safa Inaya Aaliyah Sumaya Zara Hana Noor Layla Anaya Ayesha
Sana Iqra Mariam Hiba Sara Zahra Rania Nusaybah Asma Ruqayyah Maira Eshal Anum Mehreen Sadia Tahmina
Nusrat Farzana Rumana Jannat Afsana Humaira Lubna Yasmin Salma Hawa Amal Ikram Nasra Ilhan Sabrina Tasnim
Maha
"""
)
_MUSLIM_BOYS = _words(
    """
Muhammad Yusuf Ibrahim Ali Ahmad Musa Yahya Hamza Omar Hassan Zayn Adam Idris Abdullah Bilal Ismail Haris
Eesa Rayyan Umar Hussain Zakariya Sulaiman Khalid Mustafa Ayaan Arham Faizan Usman Tariq Imran Shahid
Kamran Nabil Rafi Tanvir Rahim Junaid Zubair Anas Mahdi Salman Abdirahman Liban Mahad Karim Farhan Saif
Talha Haroon
"""
)
_MUSLIM_SURNAMES = _words(
    """
Khan Ahmed Hussain Ali Begum Malik Akhtar Mahmood Iqbal Shah Rahman Hussein Islam Miah Uddin Chowdhury
Mohamed Hassan Mirza Sheikh Butt Bibi Aslam Qureshi Rashid Siddiqui Ashraf Zaman Khatun Ahmad Javed Anwar
Yousaf Saleem Abdi Osman Farah Warsame Omar Ibrahim Haque Alam Karim Sultana Bashir Nawaz Rafiq Zafar
Hamid Rehman
"""
)
_INDIAN_GIRLS = _words(
    """
Anaya Diya Aanya Simran Harleen Priya Riya Isha Kavya Jasleen Navya Meera Asha Pooja Anjali Nisha Sneha
Ishani Kiran Jasmeet Gurleen Aditi Tara Saanvi Myra Kiara Mehar Avneet Prabhjot Lakshmi Divya Shreya
Manpreet Nikita Trisha
"""
)
_INDIAN_BOYS = _words(
    """
Arjun Aarav Rohan Dev Vihaan Krish Arjan Gurpreet Ishaan Reyansh Kabir Shaan Veer Aryan Jai Rahul Harpreet
Nikhil Aditya Karan Manav Sahil Yash Jasdeep Amar Anish Siddharth Dhruv Rishi Sukhdeep Kunal Varun Pranav
Tejas Ekam
"""
)
_INDIAN_SURNAMES = _words(
    """
Patel Singh Kaur Shah Sharma Kumar Gill Sandhu Dhillon Mistry Joshi Desai Mehta Rao Reddy Nair Iyer Chopra
Kapoor Bains Sidhu Johal Grewal Rai Gupta Verma Chauhan Parmar Solanki Thakur Sahota Atwal Bhatt Modi
Trivedi Pillai Menon Das Banerjee Thomas
"""
)
_AFRICAN_GIRLS = _words(
    """
Abena Temi Ngozi Adaeze Ama Akosua Chiamaka Oluwaseun Ifeoma Funmilayo Amara Zuri Esther Blessing Deborah
Grace Precious Favour Efua Adjoa Nana Tolani Simisola Eniola Ayomide Chioma Nkechi Wanjiru Thandi Rutendo
Hadiza Mercy Joy Oluwadamilola Kemi
"""
)
_AFRICAN_BOYS = _words(
    """
Kwame Kofi Tolu Chidi Emeka Ayomide Kwabena Yaw David Emmanuel Samuel Daniel Joshua Oluwaseun Ikenna
Obinna Tunde Femi Segun Babatunde Kelechi Uche Nnamdi Tendai Tawanda Prince Gideon Caleb Elijah Ebenezer
Kojo Adebayo Oluwatobi Chukwuemeka Jide
"""
)
_AFRICAN_SURNAMES = _words(
    """
Mensah Okafor Adeyemi Owusu Boateng Osei Asante Balogun Okeke Eze Ibrahim Adebayo Oluwole Appiah Agyemang
Nwosu Obi Okonkwo Adeleke Ogunleye Ojo Bello Musa Addo Amoah Ansah Darko Frimpong Sarpong Moyo Ncube Dube
Sibanda Mwangi Kamau Otieno Diallo Traore Kamara Sesay Conteh Bangura Campbell Bailey
"""
)
_EASTERN_GIRLS = _words(
    """
Zofia Maja Julia Hanna Lena Alicja Maria Oliwia Antonina Laura Nikola Zuzanna Gabriela Łucja Natalia
Wiktoria Aleksandra Emilia Andreea Ioana Elena Sofia Daria Bianca Alexandra Denisa Ana Raluca Katarzyna
Małgorzata Agnieszka Viktoria Polina Karolina Magdalena
"""
)
_EASTERN_BOYS = _words(
    """
Jakub Szymon Antoni Filip Jan Aleksander Franciszek Kacper Mikołaj Wojciech Adam Michał Oskar Łukasz
Mateusz Nikodem Andrei David Matei Luca Stefan Ionut Alexandru Darius Gabriel Rares Tudor Bogdan Dominik
Piotr Paweł Krzysztof Dimitar Georgi Lukas
"""
)
_EASTERN_SURNAMES = _words(
    """
Kowalski Nowak Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski
Jankowski Mazur Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Popescu
Ionescu Popa Dumitru Stan Stoica Gheorghe Rusu Munteanu Matei Constantin Marin Lungu Ivanov Petrov
Dimitrov Georgiev Petrauskas Kazlauskas Horvat
"""
)
_IBERIAN_GIRLS = _words(
    """
Sofia Maria Leonor Beatriz Matilde Carolina Mariana Ana Inês Lucia Valentina Camila Martina Isabel Daniela
Julia Elena Carmen Alba Paula Gabriela Alicia Catarina Francisca Laura Mafalda Larissa Thaís Letícia Bruna
"""
)
_IBERIAN_BOYS = _words(
    """
Francisco João Afonso Tomás Santiago Mateo Lucas Martim Rodrigo Diego Gabriel Miguel Hugo Pablo Daniel
Rafael Duarte Gonçalo André Pedro Tiago Javier Alejandro Adrián Nicolás Thiago Davi Bernardo Enzo Joaquín
"""
)
_IBERIAN_SURNAMES = _words(
    """
Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Sousa Fernandes Gonçalves Gomes Lopes
Marques Alves Almeida Ribeiro Pinto Carvalho Teixeira García Rodríguez González Fernández López Martínez
Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Álvarez Romero Torres Navarro Da_Silva
Dos_Santos De_Souza Nunes Correia
"""
)
_TURKISH_GIRLS = _words(
    """
Zeynep Elif Defne Asya Azra Nehir Eylül Ecrin Meryem Ela Büşra İrem Ayşe Fatma Emine Esra Yağmur Melis
Selin Ceren Rojin Berfin Dilan Leyla Nergiz Parisa Shirin Nasrin Laleh Mahsa
"""
)
_TURKISH_BOYS = _words(
    """
Yusuf Eymen Ömer Alparslan Göktürk Emir Mustafa Ali Hamza Kerem Çınar Mehmet Ahmet Efe Deniz Baran Mert
Burak Emre Serhat Azad Rojhat Arash Reza Dara Kawa Hiwa Rebin Soran Behrouz
"""
)
_TURKISH_SURNAMES = _words(
    """
Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç
Kurt Özkan Şimşek Polat Korkmaz Acar Güneş Ahmadi Hosseini Karimi Rezaei Mohammadi Amini Rostami Qadir
Rasul Hama Aziz
"""
)
_CHINESE_GIRLS = _words(
    """
Mei Xin_Yi Jia Yan Ling Hui Xiu_Ying Li_Na Yu_Tong Zi_Han Wing_Yan Hoi_Ching Mei_Lan Linh Mai Thu Ngoc_Anh
Phuong Lan Hoa Siu_Ling Tsz_Ching Yi_Ting Min Joy Sum_Yi
"""
)
_CHINESE_BOYS = _words(
    """
Wei Jun Ho Ming Hao Yu_Xuan Zi_Hao Chun_Ho Ka_Ho Jun_Jie Lok_Yin Tin Minh An Quang Duc Hung Khoa Long Tuan
Cheuk_Hin Tsz_Ho Pak_Hei Yat_Long Jia_Hao Kin
"""
)
_CHINESE_SURNAMES = _words(
    """
Wang Li Zhang Chen Liu Wong Chan Lau Leung Cheung Ng Lam Ho Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo
Lin Nguyen Tran Le Pham Huynh Vu Vo Dang Bui Do Tang Kwok Chow Yip Fung
"""
)


def _places() -> list[str]:
    """Surnames after places, in an order that does not put one root's together."""
    return [root + ending for ending in _ENDINGS for root in _ROOTS if root[-1] != ending[0]]


def _tradition(
    name: str,
    share: int,
    names: tuple[Sequence[str], Sequence[str], Sequence[str]],
    double: int,
    gap: str,
    codes: tuple[str, str],
) -> Tradition:
    girls, boys, surnames = names
    return Tradition(name, share, girls, boys, surnames, double, gap, *codes)


TRADITIONS = (
    _tradition(
        "british-irish",
        660,
        (_BRITISH_GIRLS, _BRITISH_BOYS, [*_BRITISH_SURNAMES, *_places()]),
        60,
        "-",
        ("WBRI", "ENG"),
    ),
    _tradition("muslim", 130, (_MUSLIM_GIRLS, _MUSLIM_BOYS, _MUSLIM_SURNAMES), 30, " ", ("APKN", "URD")),
    _tradition("indian", 60, (_INDIAN_GIRLS, _INDIAN_BOYS, _INDIAN_SURNAMES), 20, " ", ("AIND", "PNJ")),
    _tradition("african", 50, (_AFRICAN_GIRLS, _AFRICAN_BOYS, _AFRICAN_SURNAMES), 60, "-", ("BAFR", "YOR")),
    _tradition("eastern", 40, (_EASTERN_GIRLS, _EASTERN_BOYS, _EASTERN_SURNAMES), 30, "-", ("WEEU", "POL")),
    _tradition("iberian", 25, (_IBERIAN_GIRLS, _IBERIAN_BOYS, _IBERIAN_SURNAMES), 600, " ", ("WOTH", "POR")),
    _tradition("turkish", 20, (_TURKISH_GIRLS, _TURKISH_BOYS, _TURKISH_SURNAMES), 20, " ", ("WTUR", "TUR")),
    _tradition("chinese", 15, (_CHINESE_GIRLS, _CHINESE_BOYS, _CHINESE_SURNAMES), 20, " ", ("CHNE", "CHI")),
)
#: Spellings and short forms of one name, as offices write them.
SPELLINGS = tuple(
    _words(line)
    for line in """\
muhammad mohammed mohammad mohamed muhammed mohamad
yusuf yousef yousuf youssef yusef
aisha ayesha aysha aicha
ibrahim ebrahim ibraheem
zainab zaynab zeinab
khadija khadijah kadija
fatima fatimah fathima fatema
hussain hussein husain hossain
ahmed ahmad ahmet
abdullah abdallah abdulla
ismail esmail ismael
maryam mariam miriam
chloe khloe cloe
sophie sofie
sophia sofia
isabelle isabel isobel
zara zahra
jaxon jackson jaxson
caitlin kaitlyn caitlyn katelyn
rhys reece reese
sean shaun shawn
niamh neve
aiden aidan ayden
lily lilly
evie evi
oluwaseun seun
oluwadamilola damilola dami
aleksander alexander alex
katarzyna kasia
lukasz lucas lukas
andrei andrey
william will billy liam
thomas tom tommy
oliver ollie
joshua josh
benjamin ben
samuel sam sammy
daniel dan danny
joseph joe joey
james jamie jim
edward eddie ted
theodore theo teddy
matthew matt
nathan nate
zachary zac zack
elizabeth lizzie beth eliza
isabella bella izzy
charlotte lottie
abigail abbie abi
katherine kate katie
jessica jess
eleanor ellie nell
olivia livvy liv
amelia millie amy
rebecca becky becca
victoria vicky tori
natasha tasha
samantha sam
madeleine maddie
christopher chris
michael mike mikey
robert rob bobby
jonathan jon jonny
frederick fred freddie
harrison harry
henry harry
albert bertie
tobias toby
nicholas nick
florence flo
penelope penny
matilda tilly""".splitlines()
)
