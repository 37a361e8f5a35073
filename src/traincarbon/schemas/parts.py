"""What schemas are made of: kinds of value, intervals of quantities, fields of a plan."""

from collections.abc import Iterable, Mapping

from traincarbon.estimation.plan_fields import CHOICES, FIELDS, NUMBERS
from traincarbon.quantities import QUANTITIES

Schema = Mapping[str, object]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
AMOUNT: Schema = {"type": "number", "minimum": 0}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
INTERVAL: Schema = {"$ref": "#/$defs/interval"}
PLAN: Schema = {"$ref": "#/$defs/plan"}


def choice_of(values: Iterable[str]) -> Schema:
    """Return one of these texts."""
    return {"enum": list(values)}


def list_of(items: Schema) -> Schema:
    """Return a list of such items."""
    return {"type": "array", "items": items}


def map_of(values: Schema) -> Schema:
    """Return an object with such values under any names."""
    return {"type": "object", "additionalProperties": values}


def or_null(schema: Schema) -> Schema:
    """Return such a value, or null where it is unknown."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(properties: Mapping[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """Return an object that has these *properties*, all but the *optional* ones required; others may be added in later versions."""
    left_out = set(optional)
    return {"type": "object", "properties": dict(properties), "required": [name for name in properties if name not in left_out]}


def quantities_of(names: Iterable[str], *, optional: Iterable[str] = ()) -> Schema:
    """Return an object with an interval, or null where it is unknown, for each quantity."""
    return object_of({name: quantity_of(name) for name in names}, optional=optional)


def quantity_of(name: str) -> Schema:
    """Return an interval of the quantity, or null where it is unknown."""
    quantity = QUANTITIES[name]
    return {**or_null(INTERVAL), "description": f"{quantity.label} [{quantity.unit}]" if quantity.unit else quantity.label}


def field_of(name: str) -> Schema:
    """Return a field of a plan: a number may be a text, as one with an interval is."""
    field = FIELDS[name]
    kind: Schema = {"type": ["number", "string"]} if name in NUMBERS else choice_of(CHOICES[name]) if name in CHOICES else TEXT
    return {**kind, "description": f"{field.help} [{field.unit}]" if field.unit else field.help}


DEFINITIONS: Mapping[str, Schema] = {
    "interval": {
        **object_of({"low": NUMBER, "median": NUMBER, "high": NUMBER}),
        "description": "A median with the bounds of its interval of confidence; all three are equal where it is exact.",
    },
    "plan": {
        **object_of({name: field_of(name) for name in FIELDS}, optional=FIELDS),
        "description": "The fields of a plan that were stated; an uncertain number is a text such as 0.3..0.5.",
    },
}
REASONS = list_of(object_of({"id": TEXT, "reason": TEXT}))
