"""Every answer of the JSON interface is held to its own description, by the operation and the status it came with."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sojourn.contrib.django.api import description

ROOT = "/sessions/api"
DOCUMENT: dict[str, Any] = json.loads(description())
_WHERE = "urn:openapi"
_REGISTRY: Registry[Any] = Registry().with_resource(_WHERE, Resource(DOCUMENT, DRAFT202012))


def _absolute(schema: Any) -> Any:
    """References within the document, so that they are found from outside it."""
    if isinstance(schema, dict):
        return {key: f"{_WHERE}{value}" if key == "$ref" else _absolute(value) for key, value in schema.items()}
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """What checks a value against a schema of the document, formats too."""
    return Draft202012Validator(
        _absolute(schema), registry=_REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def operation(method: str, path: str) -> dict[str, Any]:
    """What the document says of a request. Raises KeyError if it says nothing."""
    found: dict[str, Any] = DOCUMENT["paths"][path.removeprefix(ROOT)][method.lower()]
    return found


def checked(response: Any) -> Any:
    """The body of a response of the test client, after it has been held to what the document says of it."""
    request = response.request
    described = operation(request["REQUEST_METHOD"], request["PATH_INFO"])["responses"][str(response.status_code)]
    ((media_type, content),) = described["content"].items()
    assert response["Content-Type"] == media_type
    assert "no-store" in response["Cache-Control"]
    body = json.loads(response.content)
    errors = [f"{error.json_path}: {error.message}" for error in validator(content["schema"]).iter_errors(body)]
    assert not errors, errors
    return body
