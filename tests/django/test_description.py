"""The description of the JSON interface: it is valid, whole, and about this site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from openapi_spec_validator import validate

from sojourn.contrib.django.api import SIDS_MAX
from sojourn.contrib.django.reauthentication import Method
from sojourn.contrib.django.urls import urlpatterns
from sojourn.core.policy import Counts, Order, Overflow
from sojourn.core.records import NAME_MAX, DeviceClass, EndReason
from sojourn.core.tokens import mint_sid
from tests.django.description import DOCUMENT, ROOT, validator

SCHEMAS = DOCUMENT["components"]["schemas"]


def test_it_is_a_valid_openapi_document() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_address_of_the_interface_is_in_it_and_no_other() -> None:
    routes = {str(each.pattern) for each in urlpatterns if str(each.pattern).startswith("api/")}
    assert {f"/{route.removeprefix('api/')}" for route in routes} == {*DOCUMENT["paths"], "/openapi.json"}


def _described(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a field or an item."""
    if isinstance(node, dict):
        for name, schema in node.get("properties", {}).items():
            yield f"{path}.{name}", schema
            yield from _described(schema, f"{path}.{name}")
        for key in ("items", "anyOf"):
            if key in node:
                yield from _described(node[key], path)
    elif isinstance(node, list):
        for each in node:
            yield from _described(each, path)


def test_every_field_and_every_schema_is_described() -> None:
    fields = [(f"{name}{path}", each) for name, schema in SCHEMAS.items() for path, each in _described(schema, "")]
    assert len(fields) > 60
    assert [path for path, each in fields if not each.get("description") and "$ref" not in each] == []
    assert [name for name, schema in SCHEMAS.items() if not schema.get("description")] == []


def test_every_request_says_what_it_does_and_changes_ask_for_the_csrf_token() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            assert ("csrf" in str(operation.get("security"))) is (method == "post"), path


@pytest.mark.parametrize(
    ("schema", "field", "values"),
    [
        ("OpenSession", "device_class", DeviceClass),
        ("EndedSession", "device_class", DeviceClass),
        ("EndedSession", "reason", EndReason),
        ("Problem", "reason", EndReason),
        ("Limit", "counts", Counts),
        ("Limit", "overflow", Overflow),
        ("Limit", "order", Order),
        ("Reauthentication", "method", Method),
        ("Problem", "method", Method),
    ],
)
def test_its_lists_of_words_are_those_of_the_source(schema: str, field: str, values: type[StrEnum]) -> None:
    assert set(SCHEMAS[schema]["properties"][field]["enum"]) == set(values)


def test_its_bounds_are_those_of_the_source() -> None:
    assert SCHEMAS["NameRequest"]["properties"]["name"]["maxLength"] == NAME_MAX
    assert SCHEMAS["EndRequest"]["properties"]["sids"]["maxItems"] == SIDS_MAX
    assert validator(SCHEMAS["OpenSession"]["properties"]["sid"]).is_valid(mint_sid(7))
    assert not validator(SCHEMAS["OpenSession"]["properties"]["sid"]).is_valid("soj_" + "A" * 45)


def test_an_answer_with_a_field_too_many_or_too_few_would_be_noticed() -> None:
    ended = {"outcome": "signed-out", "detail": "You are signed out."}
    check = validator(SCHEMAS["SignedOut"])
    assert check.is_valid(ended)
    assert not check.is_valid({**ended, "token": "x"})
    assert not check.is_valid({"outcome": "signed-out"})


@pytest.mark.django_db
def test_the_site_serves_it_to_anybody_with_its_own_names_in_it(client: Any, settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_HEADER_NAME = "__Host-visit", "HTTP_X_OURS"
    served = json.loads(client.get(f"{ROOT}/openapi.json").content)
    validate(served)
    schemes = served["components"]["securitySchemes"]
    assert (schemes["session"]["name"], schemes["csrf"]["name"]) == ("__Host-visit", "X-OURS")
    assert served["servers"] == [{"url": ROOT}]
    assert served["paths"] == DOCUMENT["paths"]
