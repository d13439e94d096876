"""The published schema says what the reader says; it is read here by a small validator of the keywords it uses."""

import json
import re

import pytest

from fusion.recipe.reading import examine
from fusion.recipe.schema import DIALECT, schema
from fusion.recipe.values import Value, key_of

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
SPEAKING = {"title", "description", "default", "$defs", "$schema", "discriminator"}
"""Keywords that refuse nothing."""


def is_type(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def accepts(rule, value, defs):
    if rule is True or rule is False:
        return rule
    checks = {
        "$ref": lambda name: accepts(defs[name.removeprefix("#/$defs/")], value, defs),
        "type": lambda names: any(
            is_type(value, name) for name in ([names] if isinstance(names, str) else names)
        ),
        "const": lambda only: type(value) is type(only) and value == only,
        "enum": lambda allowed: value in allowed,
        "anyOf": lambda rules: any(accepts(each, value, defs) for each in rules),
        "oneOf": lambda rules: sum(accepts(each, value, defs) for each in rules) == 1,
        "minLength": lambda least: not isinstance(value, str) or len(value) >= least,
        "pattern": lambda text: not isinstance(value, str) or re.search(text, value) is not None,
        "minimum": lambda least: not is_type(value, "number") or value >= least,
        "exclusiveMinimum": lambda least: not is_type(value, "number") or value > least,
        "exclusiveMaximum": lambda most: not is_type(value, "number") or value < most,
        "minItems": lambda least: not isinstance(value, list) or len(value) >= least,
        "maxItems": lambda most: not isinstance(value, list) or len(value) <= most,
        "minProperties": lambda least: not isinstance(value, dict) or len(value) >= least,
        "required": lambda keys: not isinstance(value, dict) or set(keys) <= value.keys(),
        "prefixItems": lambda rules: (
            not isinstance(value, list)
            or all(accepts(*pair, defs) for pair in zip(rules, value, strict=False))
        ),
        "items": lambda each: not isinstance(value, list) or all(accepts(each, one, defs) for one in value),
        "propertyNames": lambda each: (
            not isinstance(value, dict) or all(accepts(each, key, defs) for key in value)
        ),
        "properties": lambda rules: (
            not isinstance(value, dict)
            or all(accepts(rules[key], child, defs) for key, child in value.items() if key in rules)
        ),
        "patternProperties": lambda rules: (
            not isinstance(value, dict)
            or all(
                accepts(each, child, defs)
                for pattern, each in rules.items()
                for key, child in value.items()
                if re.search(pattern, key)
            )
        ),
        "additionalProperties": lambda each: (
            not isinstance(value, dict)
            or all(
                accepts(each, child, defs)
                for key, child in value.items()
                if key not in rule.get("properties", {})
                and not any(re.search(pattern, key) for pattern in rule.get("patternProperties", {}))
            )
        ),
    }
    return all(checks[keyword](wanted) for keyword, wanted in rule.items() if keyword not in SPEAKING)


@pytest.fixture(scope="module")
def published():
    return json.loads(json.dumps(schema()))


def accepted(published, data):
    return accepts(
        {key: rule for key, rule in published.items() if key != "$schema"}, data, published["$defs"]
    )


def test_the_schema_is_small_and_names_its_dialect_and_format(published):
    assert len(json.dumps(published)) < 50_000
    assert (published["$schema"], published["title"]) == (DIALECT, "Fusion recipe, format 1")


def test_the_schema_accepts_a_full_recipe(published, full):
    assert accepted(published, full)


WRONG = [
    ("/recipe", 2),
    ("/$schema", 3),
    ("/name", ""),
    ("/colour", "red"),
    ("/inputs", {}),
    ("/inputs/photo/kind", "sound"),
    ("/inputs/photo/shape", [8, 8]),
    ("/inputs/photo/shape/0", 0),
    ("/inputs/2nd", {"kind": "tabular", "columns": ["a"]}),
    ("/inputs/photo", {"kind": "categorical", "column": "zip", "most": 0}),
    ("/inputs/photo", {"kind": "categorical", "columns": ["zip"], "most": 5}),
    ("/inputs/photo", {"kind": "text", "column": "said", "most": 5, "bag": "tf_idf"}),
    ("/inputs/photo", {"kind": "text", "most": 5}),
    ("/inputs/photo", {"kind": "tokens", "length": 8, "pad": -1}),
    ("/inputs/photo", {"kind": "tokens"}),
    ("/inputs/x-old", {"kind": "tabular", "columns": ["a"]}),
    ("/inputs/photo/rnge", [0, 1]),
    ("/backbones/vgg/weights", "imagnet"),
    ("/backbones/res/weights/sha256", "XYZ"),
    ("/backbones/vgg/options/alpha", None),
    ("/branches/left/pool", "mean"),
    ("/branches/left/resize", [8]),
    ("/branches/left/cut", 5),
    ("/fusion/pair/op", "later"),
    ("/head/auxiliary", {"left": 0}),
    ("/head/auxiliary", ["left"]),
    ("/fusion/pair", {"op": "late", "from": ["left", "right"], "weights": "learnt"}),
    ("/fusion/pair", {"op": "late", "from": ["left", "right"], "weights": [1, 0]}),
    ("/fusion/pair/from", ["left"]),
    ("/blocks/embed", []),
    ("/blocks/embed/0", {"dens": 8}),
    ("/blocks/embed/0", {"dense": 8, "dropout": 0.1}),
    ("/blocks/embed/0/activation", "rleu"),
    ("/blocks/top/2/dropout", 1),
    ("/blocks/mlp/1/layer_norm", False),
    ("/head/output/task", "clustering"),
    ("/training/augment/photo", []),
    ("/training/augment/photo/0", {"flp": "horizontal"}),
    ("/training/augment/photo/0/flip", "both"),
    ("/training/augment/photo/1/rotation", 1),
    ("/training/augment/photo/2/zoom", 0),
    ("/training/phases", []),
    ("/training/phases/0/train/0", 5),
    ("/training/phases/0/epochs", 0),
    ("/training/phases/1/optimizer/name", "sdg"),
    ("/training/phases/1/optimizer/nesterov", "yes"),
    ("/training/phases/1/optimizer/schedule", "linear"),
    ("/training/phases/1/optimizer/warmup", 1),
    ("/training/seed", -1),
]


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_what_the_reader_refuses_in_one_value_the_schema_refuses(published, changed, place, value):
    data = changed(place, value)

    assert examine(data).problems
    assert not accepted(published, data)


@pytest.mark.parametrize(
    "place",
    [
        "/recipe",
        "/name",
        "/inputs",
        "/branches",
        "/head",
        "/inputs/photo/kind",
        "/inputs/facts/kind",
        "/fusion/pair/op",
        "/fusion/pair/from",
        "/backbones/own/weights",
        "/branches/left/input",
        "/head/output/task",
        "/blocks/mlp/0/dense",
    ],
)
def test_what_must_be_there_for_the_reader_must_be_there_for_the_schema(published, full, holder, place):
    inside, key = holder(full, place)
    del inside[key]

    assert examine(full).problems
    assert not accepted(published, full)


def test_whatever_the_schema_refuses_the_reader_refuses(published, full, variants_of):
    wrong = [
        variant.place
        for variant in variants_of(full, (([], "zzz"),))
        if not (variant.mistyped or accepted(published, variant.data) or examine(variant.data).problems)
    ]

    assert wrong == []


def test_editors_show_what_a_value_is(published):
    assert published["description"] == (
        "A fusion model as a value: what it reads, fuses and predicts, and what trains when."
    )


def kinds(base=Value):
    for kind in base.__subclasses__():
        yield from (
            [kind] if kind.__module__.startswith("fusion.recipe.") and not kind.__subclasses__() else []
        )
        yield from kinds(kind)


def test_every_value_has_the_keys_in_the_schema_that_it_has_for_the_reader(published):
    for kind in kinds():
        rule = published if kind.__name__ == "Recipe" else published["$defs"][kind.__name__]
        fields = {key_of(name, field) for name, field in kind.model_fields.items()} - {"extras"}

        assert rule["properties"].keys() == fields
        assert rule["additionalProperties"] is False
        assert rule["patternProperties"] == {"^x-": {}}
