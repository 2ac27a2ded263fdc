"""What holds of a gateway whatever was told, decided and taken back."""

from gateway.service import Gateway
from gateway.store.base import Work


def hold(gateway: Gateway, where: str = "") -> None:
    """What is always so: keys, links and composed Patients follow from the records that stand."""
    store = gateway.store
    recs = list(range(1, store.counts()["records"] + 60))
    records, patients = store.records(recs), store.patients(recs)
    for rec, record in records.items():
        assert (record.child is not None) == (rec in patients), (where, record)
    children = store.children(range(1, store.counts()["children"] + 60)).values()
    composed = [child for child in children if child.composed and child.state == "active"]
    assert all(child.composed for child in children if child.state == "merged"), where
    assert {child.number for child in composed} == {records[rec].child for rec in patients}, where
    before = list(store.dump())
    with store.write() as work:
        _afresh(work, gateway, recs)
    assert list(store.dump()) == before, where


def _afresh(work: Work, gateway: Gateway, recs: list[int]) -> None:
    there = list(work.records(recs))
    gateway.linker.resettle(work, there, range(1, work.counts()["children"] + 1), 0)
