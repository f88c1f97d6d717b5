"""What docs/generate.py reads out of the OpenAPI document: every request, its answers, and every field."""

from __future__ import annotations

import json
from typing import Any

from scan import SOURCE

DOCUMENT: dict[str, Any] = json.loads((SOURCE / "contrib/django/openapi.json").read_text(encoding="utf-8"))
SCHEMAS: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]


def requests() -> str:
    """Every request: what it does, what is sent, and what may come back."""
    parts = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            parts.append(f"\n### {operation['summary']}\n`{method.upper()} {path}`\n\n{operation['description']}\n\n")
            if "requestBody" in operation:
                parts.append(f"Sent: {_link(operation['requestBody']['content']['application/json']['schema'])}.\n\n")
            parts.append("| status | answer | when |\n|---|---|---|\n")
            for status, answer in operation["responses"].items():
                (content,) = answer["content"].values()
                parts.append(f"| {status} | {_link(content['schema'])} | {answer['description']} |\n")
    return "".join(parts)


def fields() -> str:
    """Every object, with all its fields."""
    parts = []
    for name, schema in SCHEMAS.items():
        parts.append(f"\n### {name}\n{schema['description']}\n\n| field | type | what it is |\n|---|---|---|\n")
        required = set(schema["required"])
        for field, each in schema["properties"].items():
            optional = "" if field in required else ", not always there"
            parts.append(f"| `{field}` | {_type(each)}{optional} | {_about(each)} |\n")
    return "".join(parts)


def _link(schema: dict[str, Any]) -> str:
    name = schema["$ref"].rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    kind = schema["type"] if isinstance(schema["type"], str) else " or ".join(schema["type"])
    if "properties" in schema:
        return f"object ({', '.join(f'`{name}`' for name in schema['properties'])})"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _about(schema: dict[str, Any]) -> str:
    about = schema.get("description") or SCHEMAS[schema["$ref"].rpartition("/")[2]]["description"]
    values = (
        schema.get("enum") or schema.get("items", {}).get("enum") or ([schema["const"]] if "const" in schema else [])
    )
    shown = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
    bounds = [
        f"{words} {schema[key]}"
        for key, words in (
            ("minItems", "at least"),
            ("maxItems", "at most"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
        )
        if key in schema
    ]
    unit = " characters" if "maxLength" in schema else ""
    limits = f" ({', '.join(bounds)}{unit})" if bounds else ""
    return (about + shown + limits).replace("|", "\\|")
