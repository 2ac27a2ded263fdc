"""Settings become a running gateway: the only place that builds things."""

import os
import threading
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

from flask import Flask

from gateway import config as settings
from gateway.config import Config
from gateway.fhir import json
from gateway.fhir.facts import resource_types
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.config import CONFIG_UNREADABLE, CONFIG_VALUE
from gateway.problems.security import SCOPE_FORM
from gateway.security.audit import chained
from gateway.security.keys import OwnKey, own_key, public_keys
from gateway.security.principal import Client, anybody
from gateway.security.scopes import ANY, Scope, parsed
from gateway.security.token import Issuer
from gateway.service import Gateway, notes
from gateway.service.keys import Keys, read_secret
from gateway.service.shelf import Shelf
from gateway.store.audit import SqliteTrail
from gateway.store.base import Store
from gateway.store.opening import open_store
from gateway.upstream import Upstream, Upstreams
from gateway.upstream.rewrite import PublicId
from gateway.web.door import Door
from gateway.web.gate import Gate
from gateway.web.site import Site


def create_app(config: Config | Path | str | None = None, *, demo: bool = False) -> Flask:
    """The WSGI application; a server may call it once in each of its workers.

    Args:
        config: the settings, or the gateway.toml; None for the one that GATEWAY_CONFIG names, or defaults.
        demo: whether requests of this computer are answered without a token; `fhirgate demo` alone says so,
            over invented children.

    Raises:
        Refused: what is wrong with the settings, the secret, the database or the audit.
    """
    given = config if isinstance(config, Config) else _loaded(config)
    with ExitStack() as lest_it_stays_open:
        gateway = open_gateway(given)
        lest_it_stays_open.callback(gateway.close)
        gate = gate_of(given, gateway.keys, demo=demo)
        lest_it_stays_open.pop_all()
    with suppress(Refused):
        gateway.indexing.note_served()
    if gateway.upstreams.upstreams:
        threading.Thread(target=gateway.upstreams.learn, name="learn", daemon=True).start()
    return Site(Door(gateway, gate))


def open_gateway(config: Config) -> Gateway:
    """The gateway that the settings describe, with its store and audit open.

    Raises:
        Refused: `service.secret`, `service.secret-differs`, `service.base-differs`; codes of
            `problems.store`; `upstream.setting`.
    """
    with ExitStack() as lest_they_stay_open:
        store = open_store(config["database"])
        lest_they_stay_open.callback(store.close)
        keys = _keys(config, store)
        upstreams = Upstreams(upstreams_of(config), base_uri=config["base_uri"], public_id=_public_ids(keys))
        trail = SqliteTrail(config["audit"], keys.key("audit"), chained)
        lest_they_stay_open.callback(trail.close)
        gateway = Gateway.over(config, keys, store, trail, Shelf.read(config), upstreams)
        lest_they_stay_open.pop_all()
    return gateway


def upstreams_of(config: Config) -> list[Upstream]:
    """The servers that the settings connect.

    Raises:
        Refused: `upstream.setting`.
    """
    return [
        Upstream(name, each["base_url"], each["timeout"], each["token"], tuple(each["types"]), each["name"])
        for name, each in config.table("upstreams").items()
    ]


def gate_of(config: Config, keys: Keys, *, demo: bool = False) -> Gate:
    """Who may come in, as the settings say: the issuers, the gateway itself among them, and the clients.

    Raises:
        Refused: `security.scope-form`, and what is wrong with an issuer (see `issuer_of`).
    """
    issuers = [own_issuer(config, signing_key(keys))]
    issuers += [issuer_of(config, name) for name in config.table("issuers")]
    return Gate(
        issuers={each.issuer: each for each in issuers},
        clients=clients_of(config),
        base_uri=config["base_uri"],
        anybody=anybody(config.table("feeds")) if demo else None,
    )


def issuer_of(config: Config, name: str) -> Issuer:
    """An issuer of the settings, with its public keys.

    Raises:
        Refused: `config.value` for one that speaks in the gateway's own name; `config.unreadable`,
            `security.key-not-public`, `security.keys-none`.
    """
    given = config.table("issuers")[name]
    if given["issuer"] == config["base_uri"]:
        takes = "the iss of somebody else: tokens with base_uri as their iss are the gateway's own"
        raise refuse(CONFIG_VALUE, name=f"issuers.{name}.issuer", given=repr(given["issuer"]), takes=takes)
    return Issuer(
        given["issuer"], given["audience"], public_keys(_jwks(Path(given["jwks"]))), persons=given["persons"]
    )


def clients_of(config: Config) -> dict[str, Client]:
    """The registered clients by id. One without an issuer may be named by the gateway itself alone.

    Raises:
        Refused: `security.scope-form` for each scope that cannot be given.
    """
    problems: list[Problem] = []
    clients = {}
    for id, each in config.table("clients").items():
        scopes: list[Scope] = []
        for word in each["scopes"]:
            scope = parsed(word)
            if scope is None or not (scope.type == ANY or scope.type in resource_types()):
                problems.append(
                    problem(SCOPE_FORM, place=Place(path=f"clients.{id}.scopes"), scope=repr(word))
                )
            else:
                scopes.append(scope)
        clients[id] = Client(
            id,
            each["name"] or id,
            each["sector"],
            tuple(scopes),
            frozenset(each["feeds"]),
            each["purpose"],
            each["issuer"] or config["base_uri"],
            each["decides"],
        )
    if problems:
        raise Refused(*problems)
    return clients


def signing_key(keys: Keys) -> OwnKey:
    """The key that the gateway signs its own tokens with."""
    return own_key(keys.key("token"))


def own_issuer(config: Config, key: OwnKey) -> Issuer:
    """The gateway as an issuer of tokens for itself (`fhirgate token`)."""
    return Issuer(config["base_uri"], config["base_uri"], (key.key,), persons=True)


def _keys(config: Config, store: Store) -> Keys:
    """The secret's keys, once it is sure that the store was made with them."""
    file = Path(config["secret_file"])
    if not file.exists():
        # not made anew where the store has need of the old one
        notes.claim(store, {notes.SECRET: ""}, file.name)
    keys = Keys(read_secret(file))
    notes.claim(store, {notes.SECRET: keys.key("noted").hex(), notes.BASE: config["base_uri"]}, file.name)
    return keys


def _loaded(path: Path | str | None) -> Config:
    named = path or os.environ.get("GATEWAY_CONFIG")
    return settings.load(Path(named) if named else None)


def _jwks(path: Path) -> dict[str, object]:
    try:
        found = json.read(path.read_bytes())
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise refuse(CONFIG_UNREADABLE, place=Place(file=path.name), reason=reason, do="Correct it") from None
    return found if isinstance(found, dict) else {}


def _public_ids(keys: Keys) -> PublicId:
    """From an upstream's name, and a type and id there, to the id that `/fhir` shows."""
    of_upstream = cache(lambda name: keys.public_id(f"upstream {name}"))
    return lambda name, type, id: of_upstream(name)(type, id)
