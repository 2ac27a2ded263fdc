"""What `fhirgate init` writes: the smallest gateway that works, with a mapping and a file to try it on."""

_SETTINGS = """\
# A gateway of your own. Every setting: fhirgate config. What they mean: docs/reference/settings.md.
database = "gateway.db"
audit = "audit.db"
secret_file = "gateway.secret"
mappings = ["mappings"]

# Who tells: a school, a council, a clinical system. Its FHIR base is /feed/local.
[feeds.local]
organisation = "Our own records"
sector = "local-authority"

# Who asks. fhirgate token local prints a token for it.
[clients.local]
name = "Development"
sector = "local-authority"
scopes = ["system/*.cruds"]
feeds = ["local"]

# A health server that is asked at the moment of the question:
# [upstreams.hospital]
# name = "Anytown Hospital"
# base_url = "https://fhir.hospital.example/R4"
# types = ["Observation", "Condition"]
"""

_MAPPING = """\
mapping: 1
id: clubs
version: 1.0.0
title: A list of children at a school club
target: {fhir: 4.0.1}
source:
  format: csv
  dates: dd/MM/yyyy
  files:
    children: {columns: [UPN, Surname, Forename, DOB, Sex], required: true}
  records:
    child: {file: children, key: [UPN]}
terms:
  sex: {map: "{base}/ConceptMap/dfe-sex-gender", unmapped: reject-record}
emit:
  - resourceType: Patient
    $for: child
    $key: [UPN]
    identifier:
      - {system: "{base}/Id/upn", value: = UPN.upn()}
    name:
      - {use: official, family: = Surname, given: [= Forename]}
    gender: = Sex.code('sex')
    birthDate: = DOB.date()
"""

_TESTS = """\
tests:
  - name: a child with one forename
    given: {children: [{UPN: T201900118051, Surname: Thompson, Forename: Ava-Mae, DOB: 30/09/2013, Sex: F}]}
    expect:
      - {resourceType: Patient, gender: female, birthDate: "2013-09-30"}
  - name: a date that is in no calendar is set aside
    given: {children: [{UPN: T201900118051, Surname: Thompson, Forename: Ava-Mae, DOB: 31/02/2013, Sex: F}]}
    issues: [record.not-a-date]
"""

_CHILDREN = """\
UPN,Surname,Forename,DOB,Sex
T201900118051,Thompson,Ava-Mae,30/09/2013,F
G201900118052,Thompson,Ava-Rae,30/09/2013,F
"""

_SPRING = """\
UPN,LegalSurname,LegalForename,DateOfBirth,Gender,SENprovision
T201900118051,Thompson,Ava-Mae,30/09/2013,F,K
G201900118052,Thompson,Ava-Rae,30/09/2013,F,
W201900118053,Okafor,Ada,03/09/2014,F,E
K201900118054,Bennett,Tom,17/01/2014,M,
Z201900118055,Rahman,Idris,29/02/2012,M,K
N201900118056,Lis,Zofia,31/02/2013,F,N
"""

_README = """\
# A gateway of your own

Serve it, and have a token to ask it with:

    fhirgate serve --config gateway.toml --port 8080
    fhirgate token local --config gateway.toml

Load a file that the mapping `clubs` reads:

    fhirgate test clubs
    fhirgate load children.csv -m clubs

Look at a file that no mapping reads yet:

    fhirgate inspect spring.csv

Is everything in order? `fhirgate check`. The children in both files are invented.
"""

STARTER = {
    "gateway.toml": _SETTINGS,
    "mappings/clubs/mapping.yaml": _MAPPING,
    "mappings/clubs/tests.yaml": _TESTS,
    "children.csv": _CHILDREN,
    "spring.csv": _SPRING,
    "README.md": _README,
}
