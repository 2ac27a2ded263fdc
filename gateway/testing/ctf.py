"""Common Transfer Files of invented pupils, of any size, written pupil by pupil."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

from gateway.testing.children import Child, Household

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Invented children: no real person, school or address. -->
<CTfile>
  <Header>
    <DocumentName>Common Transfer File</DocumentName>
    <CTFversion>25.0</CTFversion>
    <DateTime>2026-02-12T16:05:00</DateTime>
    <DocumentQualifier>full</DocumentQualifier>
    <SourceSchool>
      <LEA>201</LEA><Estab>9002</Estab><URN>999002</URN><SchoolName>Harbour Test Academy</SchoolName>
    </SourceSchool>
  </Header>
  <CTFpupilData>
"""
_TAIL = "  </CTFpupilData>\n</CTfile>\n"
_TOGETHER = 200
_NEEDS = ("SEMH", "SLCN", "ASD", "MLD")


def write_ctf(to: str | Path | BinaryIO, pupils: Iterable[Child]) -> int:
    """Write a CTF 25 file of `pupils`, few of them in memory at a time; the number of pupils.

    Args:
        to: a path, or a stream of bytes, which is not closed.
        pupils: such as `children(1000)`.
    """
    if isinstance(to, str | Path):
        with open(to, "wb") as stream:
            return write_ctf(stream, pupils)
    to.write(_HEAD.encode())
    count, waiting = 0, []
    for pupil in pupils:
        waiting.append(ctf_pupil(pupil))
        count += 1
        if len(waiting) == _TOGETHER:
            to.write("".join(waiting).encode())
            waiting.clear()
    to.write(("".join(waiting) + _TAIL).encode())
    return count


def ctf_pupil(child: Child) -> str:
    """The `<Pupil>` element of one child, about 2,200 characters, indented as school systems write it.

    One pupil in five has special needs, one in four free school meals, one in fifty is looked after.
    """
    home, number = child.household, child.number
    return f"""\
    <Pupil>
      <UPN>{child.upn}</UPN>
      <Surname>{escape(child.surname)}</Surname>
      <Forename>{escape(child.forename)}</Forename>
      <DOB>{child.born}</DOB>
      <Sex>{child.sex}</Sex>
      <BasicDetails>
        <MiddleNames>{escape(child.middle)}</MiddleNames>
        <NCyearActual>{number % 11 + 1}</NCyearActual>
        <Ethnicity>{home.ethnicity}</Ethnicity>
        <EthnicitySource>P</EthnicitySource>
        <Languages><Type><LanguageType>F</LanguageType><Language>{home.language}</Language></Type></Languages>
        <ServiceChild>N</ServiceChild>
        <MedicalFlag>{"true" if number % 7 == 0 else "false"}</MedicalFlag>
      </BasicDetails>
{_meals(number)}{_care(number)}{_needs(number)}\
      <Address>
        <BS7666Address>
          <PAON>{home.house}</PAON>
          <Street>{home.street}</Street>
          <Town>{home.town}</Town>
          <PostTown>{home.town}</PostTown>
        </BS7666Address>
        <PostCode>{home.postcode}</PostCode>
      </Address>
{_contacts(home)}{_school(number)}\
    </Pupil>
"""


def _contacts(home: Household) -> str:
    return f"""\
      <Phones><Phone><TelephoneType>M</TelephoneType><PhoneNo>{home.phone}</PhoneNo></Phone></Phones>
      <Contacts>
        <Contact>
          <Order>1</Order>
          <Surname>{escape(home.surname)}</Surname>
          <Forename>{escape(home.carer)}</Forename>
          <Relationship>PAM</Relationship>
          <Responsibility>true</Responsibility>
          <Address><AddressAsPupil>true</AddressAsPupil></Address>
          <Phones><Phone><TelephoneType>M</TelephoneType><PhoneNo>{home.phone}</PhoneNo></Phone></Phones>
        </Contact>
      </Contacts>
"""


def _school(number: int) -> str:
    entered = f"{2019 + number % 6}-09-04"
    return f"""\
      <Attendance>
        <YearData>
          <Year>2025</Year>
          <LEA>201</LEA>
          <Estab>9002</Estab>
          <SchoolName>Harbour Test Academy</SchoolName>
          <SessionsPossible>206</SessionsPossible>
          <SessionsAuthorised>{number % 13}</SessionsAuthorised>
          <SessionsAttended>{206 - number % 13 - number % 5}</SessionsAttended>
          <SessionsUnauthorised>{number % 5}</SessionsUnauthorised>
        </YearData>
      </Attendance>
      <SchoolHistory>
        <School>
          <LEA>201</LEA><Estab>9002</Estab><URN>999002</URN><SchoolName>Harbour Test Academy</SchoolName>
          <EntryDate>{entered}</EntryDate>
        </School>
      </SchoolHistory>
"""


def _meals(number: int) -> str:
    if number % 4:
        return ""
    return (
        "      <FSMhistory><FSMinstance><FSMstartDate>2024-09-03</FSMstartDate>"
        "<UKcountry>ENG</UKcountry></FSMinstance></FSMhistory>\n"
    )


def _care(number: int) -> str:
    if number % 50:
        return ""
    return "      <LookedAfter><InCare>true</InCare><CareAuthority>201</CareAuthority></LookedAfter>\n"


def _needs(number: int) -> str:
    if number % 5:
        return ""
    need = _NEEDS[number // 5 % len(_NEEDS)]
    return (
        "      <SENhistory><SEN><StartDate>2023-09-06</StartDate><SENprovision>K</SENprovision></SEN>"
        f"<SENneeds><SENneed><SENtypeRank>1</SENtypeRank><SENtype>{need}</SENtype></SENneed>"
        "</SENneeds></SENhistory>\n"
    )
