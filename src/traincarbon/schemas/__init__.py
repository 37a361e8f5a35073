"""JSON Schemas of everything that commands print with ``--json`` under a schema name.

``python -m traincarbon.schemas docs/schemas`` writes them.
Names, units and choices come from the quantities and the fields of a plan, so a schema cannot fall behind them.
"""

import json
import os
from collections.abc import Mapping

from traincarbon.schemas.parts import DEFINITIONS, DIALECT, Schema
from traincarbon.schemas.plans import OF_PLANS
from traincarbon.schemas.records import OF_RECORDS
from traincarbon.schemas.statements import OF_STATEMENTS

SCHEMAS: Mapping[str, Schema] = {**OF_PLANS, **OF_RECORDS, **OF_STATEMENTS}
"""The schema of each kind of result, without its name and the definitions that it shares with others."""


def schema(kind: str) -> dict[str, object]:
    """Return the JSON Schema of ``traincarbon/KIND/1``.

    Example:
        >>> schema("run")["title"]
        'traincarbon/run/1'
    """
    title = f"traincarbon/{kind}/1"
    body = SCHEMAS[kind]
    properties, required = body["properties"], body["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    text = json.dumps(body)
    used = {name: definition for name, definition in DEFINITIONS.items() if f'"#/$defs/{name}"' in text}
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {"schema": {"const": title}, **properties},
        "required": ["schema", *required],
        **({"$defs": used} if used else {}),
    }


def write(folder: str) -> None:
    """Write the schema of each kind to a file in *folder*."""
    os.makedirs(folder, exist_ok=True)
    for kind in SCHEMAS:
        with open(os.path.join(folder, f"{kind}.json"), "w", encoding="utf-8", newline="\n") as stream:
            stream.write(json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n")
