import copy
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.errors import RecipeError
from fusion.recipe.backbones import Backbone
from fusion.recipe.blocks import BatchNorm, Dense, Dropout, LayerNorm
from fusion.recipe.branches import Branch
from fusion.recipe.head import Head, Output
from fusion.recipe.inputs import Image, Table
from fusion.recipe.ops import Add, Average, Concat, Maximum, Multiply
from fusion.recipe.reading import from_data, from_json
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import EarlyStopping, Optimizer, Part, Phase, Training
from fusion.recipe.writing import exchanged, recipe_hash, seedless, to_data, to_json

NAMES = st.from_regex(r"[a-w][a-z0-9_-]{0,6}", fullmatch=True).filter(
    lambda name: name not in {"head", "fusion", "output", "pool", "taps", "prepare"}
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
RATES = st.floats(1e-9, 10)
STEPS = st.one_of(
    st.builds(
        Dense, dense=st.integers(1, 99), activation=st.sampled_from(["linear", "relu"]), l2=st.floats(0, 1)
    ),
    st.builds(Dropout, dropout=st.floats(0, 0.99)),
    st.builds(LayerNorm),
    st.builds(BatchNorm),
)
PHASES = st.lists(
    st.builds(
        Phase,
        name=TEXTS.filter(bool),
        train=st.lists(
            st.just("head") | st.builds(Part, part=st.just("head"), learning_rate=RATES), min_size=1
        ),
        epochs=st.integers(1, 9),
        optimizer=st.builds(
            Optimizer,
            learning_rate=RATES,
            clipnorm=st.none() | RATES,
            schedule=st.sampled_from(["constant", "cosine"]),
            warmup=st.floats(0, 0.99),
        ),
        early_stopping=st.none() | st.builds(EarlyStopping, patience=st.integers(1, 9)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda phase: phase.name,
)


@st.composite
def recipes(draw):
    """Recipes whose names are in order: each branch has an input and a block of its own."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    op = draw(st.sampled_from([Add, Average, Concat, Maximum, Multiply]))
    return Recipe(
        name=draw(TEXTS.filter(bool)),
        notes=draw(TEXTS),
        inputs={
            f"{name}-in": Table(columns=("a", draw(TEXTS.filter(lambda t: t not in ("", "a")))))
            for name in names
        },
        blocks={f"{name}-own": draw(st.lists(STEPS, min_size=1, max_size=3)) for name in names},
        branches={name: Branch(input=f"{name}-in", blocks=(f"{name}-own",)) for name in names},
        fusion=op(of=names) if len(names) > 1 else None,
        head=Head(
            output=draw(st.sampled_from([Output(task="binary"), Output(task="multilabel", classes=3)]))
        ),
        training=draw(st.none() | st.builds(Training, phases=PHASES, seed=st.integers(0, 9))),
        extras=draw(st.dictionaries(TEXTS.map("x-{}".format), JSON, max_size=2)),
    )


@settings(max_examples=15, deadline=None)
@given(recipes())
def test_what_is_written_is_read_as_it_was(one):
    text = to_json(one)

    again = from_json(text)

    assert again == one
    assert to_json(again) == text
    assert recipe_hash(again) == recipe_hash(one)
    assert hash(again) == hash(one)


def test_every_key_of_the_format_is_written_and_read(recipe, full):
    assert to_data(recipe) == full | {"branches": {**full["branches"], "left": {**full["branches"]["left"]}}}
    assert from_json(to_json(recipe)) == recipe


def test_canonical_text_is_short_lines_in_the_order_of_the_format(recipe):
    lines = to_json(recipe).split("\n")

    assert lines[:4] == [
        "{",
        '  "recipe": 1,',
        '  "$schema": "recipe.schema.json",',
        '  "name": "everything",',
    ]
    assert lines[-2:] == ["}", ""]
    assert max(map(len, lines)) <= 102
    assert json.loads(to_json(recipe)) == to_data(recipe)


def test_defaults_are_not_written(full, recipe):
    spelt = copy.deepcopy(full)
    spelt["branches"]["right"] |= {"resize": None, "pool": "avg", "cut": ["conv2", "conv3"]}
    spelt["branches"]["third"] |= {"cut": ["last"], "blocks": []}
    spelt["training"]["phases"][0] |= {"optimizer": {}, "keep": "best", "early_stopping": None}
    spelt["blocks"]["mlp"][0] |= {"activation": "linear", "l2": 0}

    assert to_json(from_data(spelt)) == to_json(recipe)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/name", "b"),
        ("/notes", ""),
        ("/$schema", "other.json"),
        ("/x-more", {"a": 1}),
        ("/head/output/x-a", [1]),
    ],
)
def test_names_notes_and_free_keys_are_no_part_of_the_identity(recipe, place, value):
    assert recipe_hash(recipe.replace(place, value)) == recipe_hash(recipe)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/inputs/photo/range", [0, 255]),
        ("/inputs/facts/columns", ["area", "rooms"]),
        ("/backbones/vgg/options/depth", 2),
        ("/backbones/own/weights", "imagenet"),
        ("/branches/right/cut", ["conv3", "conv2"]),
        ("/branches/third/pool", "max"),
        ("/fusion/all/from", ["third", "pair", "table"]),
        ("/blocks/top/2/dropout", 0.25),
        ("/head/output/classes/0", "cat"),
        ("/training/seed", 4),
        ("/training/phases/0/name", "first"),
        ("/training/phases/1/optimizer/learning_rate", 0.2),
    ],
)
def test_all_else_is_part_of_the_identity(recipe, place, value):
    assert recipe_hash(recipe.replace(place, value)) != recipe_hash(recipe)


def test_recipes_differ_in_weights_alone_whatever_they_are_called(recipe, full):
    other = from_data(full | {"name": "other", "notes": "Why.", "x-by": "me"}).replace("/training/seed", 4)

    assert seedless(other) == seedless(recipe)


def test_the_order_of_keys_is_no_part_of_the_identity(recipe, full):
    def turned(data):
        if isinstance(data, dict):
            return {key: turned(value) for key, value in reversed(data.items())}
        return [turned(value) for value in data] if isinstance(data, list) else data

    other = from_data(turned(full))

    assert other == recipe
    assert recipe_hash(other) == recipe_hash(recipe)


def test_the_identity_is_twelve_digits_and_does_not_move(recipe):
    assert recipe_hash(recipe) == "94e825e6400e"


def test_free_keys_are_kept_where_they_are(full):
    full["branches"]["left"]["x-why"] = {"because": [1, None]}
    full["training"]["phases"][1]["optimizer"]["x-from"] = "paper"

    written = json.loads(to_json(from_data(full)))

    assert written["x-free"] == {"anything": [1, {"goes": None}]}
    assert written["branches"]["left"]["x-why"] == {"because": [1, None]}
    assert written["training"]["phases"][1]["optimizer"]["x-from"] == "paper"


def test_free_keys_in_python_are_gathered_with_extras():
    image = Image(shape=(8, 8, 3), extras={"x-a": 1}, **{"x-b": [2]})

    assert dict(image.extras) == {"x-a": 1, "x-b": (2,)}
    assert image.replaced(range=(0, 1)).extras == image.extras


def test_recipes_are_values(recipe):
    for twin in (copy.copy(recipe), copy.deepcopy(recipe), pickle.loads(pickle.dumps(recipe))):  # noqa: S301 - what was pickled a moment ago
        assert twin == recipe
        assert hash(twin) == hash(recipe)
        assert to_json(twin) == to_json(recipe)


@pytest.mark.parametrize(
    "change",
    [
        lambda recipe: recipe.branches.__setitem__("a", 1),
        lambda recipe: recipe.branches.pop("left"),
        lambda recipe: recipe.inputs.update(a=1),
        lambda recipe: recipe.blocks.__ior__({}),
        lambda recipe: recipe.extras["x-free"].clear(),
        lambda recipe: recipe.backbones["vgg"].options.setdefault("a", 1),
    ],
)
def test_the_maps_of_a_recipe_do_not_change(recipe, change):
    with pytest.raises(
        TypeError, match=r"A recipe is a value and does not change; make another with its replace"
    ):
        change(recipe)


def test_the_fields_of_a_recipe_do_not_change(recipe):
    with pytest.raises(
        TypeError, match=r"A recipe is a value and does not change; make another with replaced\(name="
    ):
        recipe.name = "other"


def test_replacing_makes_another_recipe(recipe):
    other = recipe.replace("/branches/left/cut", "block3_pool")

    assert other.branches["left"].cut == "block3_pool"
    assert recipe.branches["left"].cut == "block2_pool"
    assert other.replace("/branches/left/cut", "block2_pool") == recipe


def test_what_is_a_default_can_be_replaced(recipe):
    other = recipe.replace("/training/phases/0/optimizer/learning_rate", 0.5)

    assert other.training.phases[0].optimizer == Optimizer(learning_rate=0.5)
    assert recipe.replace("/branches/third/pool", "max").branches["third"].pool == "max"


def test_what_replaces_is_checked(recipe):
    with pytest.raises(
        RecipeError, match=r"everything with a new /head/output/task: 1 problem\n  /head/output/task"
    ):
        recipe.replace("/head/output/task", "clustering")
    with pytest.raises(RecipeError, match=r"Unknown key 'brances'. Did you mean 'branches'"):
        recipe.replace("/brances/left/cut", "a")


@pytest.mark.parametrize(
    "place",
    ["branches", "/inputs/facts/columns/2", "/inputs/facts/columns/-1", "/inputs/facts/columns/a", "/name/x"],
)
def test_a_place_that_leads_nowhere_is_refused(recipe, place):
    with pytest.raises(RecipeError, match=r"This leads to no value\. A place is a JSON Pointer such as"):
        recipe.replace(place, 1)


def test_a_place_in_what_has_no_such_name_is_refused_with_the_near_one(recipe):
    near = next(iter(recipe.branches))

    with pytest.raises(
        RecipeError, match=rf"There is no branch '{near}e'\. Did you mean '{near}'\? It has: "
    ):
        recipe.replace(f"/branches/{near}e/cut", "a")
    with pytest.raises(RecipeError, match=r"There is no block 'none'\."):
        recipe.replace("/blocks/none/0/dense", 3)
    with pytest.raises(RecipeError, match=r"There is no backbone 'eye'\. It has: none\."):
        exchanged({"branches": {}}, "/backbones/eye/arch", "VGG16")
    assert exchanged({}, "/branches/new", {"input": "x"}) == {"branches": {"new": {"input": "x"}}}


def test_a_place_may_hold_escaped_signs_and_nothing_means_the_whole():
    assert exchanged({"a/b": {"c~d": 1}}, "/a~1b/c~0d", 2) == {"a/b": {"c~d": 2}}
    assert exchanged({"a": 1}, "", {"b": 2}) == {"b": 2}


def test_exchanging_leaves_the_data_as_they_were():
    data, value = {"a": [{"b": 1}]}, [1]

    other = exchanged(data, "/a/0/b", value)
    value.append(2)

    assert (data, other) == ({"a": [{"b": 1}]}, {"a": [{"b": [1]}]})


def test_options_keep_their_types():
    options = {"a": 1, "b": 1.0, "c": True, "d": "1"}

    kept = json.loads(to_json(Backbone(arch="X", weights=None, options=options)))["options"]

    assert [type(kept[key]) for key in "abcd"] == [int, float, bool, str]
