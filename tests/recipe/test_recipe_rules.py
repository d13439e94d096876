"""Every rule a value of a recipe keeps by itself, and what is said where it is broken."""

from pathlib import Path

import pytest

from fusion.errors import Problem, RecipeError
from fusion.recipe.backbones import Backbone, KerasHubBackbone, WeightsFile
from fusion.recipe.blocks import BatchNorm, Dense, Dropout, LayerNorm
from fusion.recipe.branches import Branch
from fusion.recipe.head import Head, Output
from fusion.recipe.inputs import Image, Table
from fusion.recipe.ops import Add, Concat
from fusion.recipe.reading import examine, from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import EarlyStopping, Optimizer, Part, Phase, Training
from fusion.recipe.writing import to_data

BROKEN = [
    ("/$schema", 3, "/$schema", "Expected a text, got 3."),
    ("/name", "", "/name", "Expected a text that is not empty, got ''."),
    ("/name", 3, "/name", "Expected a text, got 3."),
    ("/notes", 3, "/notes", "Expected a text, got 3."),
    (
        "/colour",
        "red",
        "/colour",
        "Unknown key 'colour'. Known keys: recipe, $schema, name, notes, requires, inputs, backbones, branches, fusion, blocks, head, training.",
    ),
    ("/inputs", {}, "/inputs", "Expected 1 or more entries, got {}."),
    (
        "/inputs/photo/kind",
        "imge",
        "/inputs/photo/kind",
        "'imge' is not one of image, tabular, categorical, text, words, tokens. Did you mean 'image'?",
    ),
    (
        "/inputs/photo/shape",
        [8, 8],
        "/inputs/photo/shape/2",
        "The list is too short: it has no entry 2, counted from 0.",
    ),
    (
        "/inputs/photo/shape",
        [8, 8, 3, 1],
        "/inputs/photo/shape",
        "Expected no more than 3 entries, got [8, 8, 3, 1].",
    ),
    ("/inputs/photo/shape", 8, "/inputs/photo/shape", "Expected a list [...], got 8."),
    ("/inputs/photo/shape/0", 0, "/inputs/photo/shape/0", "Expected more than 0, got 0."),
    ("/inputs/photo/shape/0", 8.5, "/inputs/photo/shape/0", "Expected a whole number, got 8.5."),
    ("/inputs/photo/shape/0", True, "/inputs/photo/shape/0", "Expected a whole number, got True."),
    (
        "/inputs/photo/shape/0",
        2**31,
        "/inputs/photo/shape/0",
        "Expected less than 2147483648, got 2147483648.",
    ),
    ("/inputs/photo/shape/0", "8", "/inputs/photo/shape/0", "Expected a whole number, got '8'."),
    ("/inputs/photo/range", [1, 1], "/inputs/photo/range", "A range goes from low to high, got [1.0, 1.0]."),
    (
        "/inputs/photo/range",
        [1],
        "/inputs/photo/range/1",
        "The list is too short: it has no entry 1, counted from 0.",
    ),
    ("/inputs/photo/range", [0, "x"], "/inputs/photo/range/1", "Expected a number, got 'x'."),
    ("/inputs/photo/rnge", [0, 1], "/inputs/photo/rnge", "Unknown key 'rnge'. Did you mean 'range'?"),
    ("/inputs/facts/columns", [], "/inputs/facts/columns", "Expected 1 or more entries, got []."),
    (
        "/inputs/facts/columns",
        ["a", "a"],
        "/inputs/facts/columns",
        "A column is named once, but 'a' stands more than once.",
    ),
    (
        "/inputs/facts/columns",
        ["a", ""],
        "/inputs/facts/columns/1",
        "Expected a text that is not empty, got ''.",
    ),
    ("/inputs/facts/columns", "ab", "/inputs/facts/columns", "Expected a list [...], got 'ab'."),
    (
        "/inputs/2nd",
        {"kind": "image", "shape": [1, 1, 1]},
        "/inputs/2nd",
        "'2nd' cannot be a name: a letter, then at most 63 letters, digits, '_' or '-', and no 'x-' in front.",
    ),
    (
        "/inputs/x-old",
        {"kind": "image", "shape": [1, 1, 1]},
        "/inputs/x-old",
        "'x-old' cannot be a name: a letter, then at most 63 letters, digits, '_' or '-', and no 'x-' in front.",
    ),
    ("/inputs/photo", [1], "/inputs/photo", "Expected an object {...}, got [1]."),
    ("/inputs/photo", {"shape": [1, 1, 1]}, "/inputs/photo/kind", "Missing key 'kind'."),
    ("/backbones/vgg/arch", "", "/backbones/vgg/arch", "Expected a text that is not empty, got ''."),
    (
        "/backbones/vgg/weights",
        "imagenett",
        "/backbones/vgg/weights",
        "Weights are 'imagenet', null (random) or {\"file\": ...}, got 'imagenett'.",
    ),
    (
        "/backbones/vgg/weights",
        5,
        "/backbones/vgg/weights",
        "Weights are 'imagenet', null (random) or {\"file\": ...}, got 5.",
    ),
    (
        "/backbones/vgg/weights",
        "made/mine.h5",
        "/backbones/vgg/weights",
        'Weights in a file are written {"file": "made/mine.h5"}, got \'made/mine.h5\'.',
    ),
    (
        "/backbones/vgg/weights",
        {"fil": "a"},
        "/backbones/vgg/weights/fil",
        "Unknown key 'fil'. Did you mean 'file'?",
    ),
    (
        "/backbones/res/weights/sha256",
        "XYZ",
        "/backbones/res/weights/sha256",
        "Expected the 64 hexadecimal digits, in lower case, of a sha256, got 'XYZ'.",
    ),
    (
        "/backbones/vgg/preprocess",
        "cafe",
        "/backbones/vgg/preprocess",
        "'cafe' is not one of auto, caffe, tf, torch, none. Did you mean 'caffe'?",
    ),
    (
        "/backbones/vgg/options/alpha",
        None,
        "/backbones/vgg/options/alpha",
        "An option is a text, a number, true or false, got None.",
    ),
    (
        "/backbones/vgg/options/alpha",
        [1],
        "/backbones/vgg/options/alpha",
        "An option is a text, a number, true or false, got [1].",
    ),
    ("/backbones/vgg/options", [], "/backbones/vgg/options", "Expected an object {...}, got []."),
    (
        "/backbones/vgg/wieghts",
        None,
        "/backbones/vgg/wieghts",
        "Unknown key 'wieghts'. Did you mean 'weights'?",
    ),
    (
        "/branches/left/resize",
        [32],
        "/branches/left/resize/1",
        "The list is too short: it has no entry 1, counted from 0.",
    ),
    ("/branches/left/resize", 32, "/branches/left/resize", "Expected a list [...], got 32."),
    (
        "/branches/left/cut",
        5,
        "/branches/left/cut",
        "A cut is the name of a layer, or a list of names, got 5.",
    ),
    (
        "/branches/left/cut",
        [],
        "/branches/left/cut",
        "A cut is the name of a layer, or a list of names, got [].",
    ),
    (
        "/branches/left/cut",
        ["a", "a"],
        "/branches/left/cut",
        "A layer is cut at once, but 'a' stands more than once.",
    ),
    (
        "/branches/left/cut",
        ["a", 5],
        "/branches/left/cut",
        "A cut is the name of a layer, or a list of names, got ['a', 5].",
    ),
    ("/branches/left/cut", "", "/branches/left/cut", "Expected a text that is not empty, got ''."),
    (
        "/branches/left/pool",
        "mean",
        "/branches/left/pool",
        "'mean' is not one of avg, max, avg+max, gem, gem_learned, flatten, first, none.",
    ),
    ("/branches/left/pol", "avg", "/branches/left/pol", "Unknown key 'pol'. Did you mean 'pool'?"),
    ("/branches/left/blocks", "embed", "/branches/left/blocks", "Expected a list [...], got 'embed'."),
    ("/branches/left/blocks", [1], "/branches/left/blocks/0", "Expected a text, got 1."),
    (
        "/fusion/pair/op",
        "ad",
        "/fusion/pair/op",
        "'ad' is not one of concat, add, average, maximum, multiply, compare, weighted_sum, gated, film, bilinear, "
        "low_rank, tensor, attention, cross_attention, late. Did you mean 'add'?",
    ),
    (
        "/fusion/pair",
        {"op": "compare", "from": ["left", "right"], "terms": ["cosine", "cosine"]},
        "/fusion/pair/terms",
        "A term stands once; here one stands twice.",
    ),
    (
        "/fusion/pair",
        {"op": "film", "from": ["left", "right", "third"]},
        "/fusion/pair/from",
        "It joins two, and here are 3: left, right, third. Join some of them first, in a node of their own, or write an op "
        "for any number, such as concat.",
    ),
    (
        "/fusion/pair",
        {"op": "low_rank", "from": ["left", "right"]},
        "/fusion/pair/units",
        "Missing key 'units'.",
    ),
    ("/fusion/pair/project", 0, "/fusion/pair/project", "Expected more than 0, got 0."),
    (
        "/branches/left",
        {"input": "photo", "backbone": "vgg", "pool": "gem", "features": 64},
        "/branches/left/features",
        "The pool 'gem' has no grid; \"features\" is for avg, max and avg+max.",
    ),
    (
        "/blocks/embed/0/activation",
        "softmax",
        "/blocks/embed/0/activation",
        "'softmax' makes probabilities of features: they add up to one, and what tells examples apart is all but lost in "
        "them. Use relu or linear; the output has a softmax of its own.",
    ),
    ("/head/output/logits", 1, "/head/output/logits", "Expected true or false, got 1."),
    (
        "/head/output",
        {"task": "regression", "logits": True},
        "/head/output",
        "A regression has no logits; its numbers are what they are.",
    ),
    ("/head/output/standardise", 1, "/head/output/standardise", "Expected true or false, got 1."),
    (
        "/head/output",
        {"task": "binary", "standardise": True},
        "/head/output",
        "Only the numbers of a regression can be standardised; a binary has none.",
    ),
    ("/fusion/pair/from", ["left"], "/fusion/pair/from", "Expected 2 or more entries, got ['left']."),
    ("/fusion/pair/form", ["left"], "/fusion/pair/form", "Unknown key 'form'. Did you mean 'from'?"),
    ("/fusion", {}, "/fusion", "Expected 1 or more entries, got {}."),
    ("/fusion", {"from": ["left", "right"]}, "/fusion/op", "Missing key 'op'."),
    ("/fusion", 3, "/fusion", "Expected an object {...}, got 3."),
    ("/fusion/pair/from", "left", "/fusion/pair/from", "Expected a list [...], got 'left'."),
    ("/blocks/embed", [], "/blocks/embed", "Expected 1 or more entries, got []."),
    ("/blocks/embed", [{}], "/blocks/embed/0", "Expected an object with a key that names its kind."),
    (
        "/blocks/embed",
        [{"dens": 8}],
        "/blocks/embed/0",
        "'dens' is not one of dense, dropout, layer_norm, batch_norm. Did you mean 'dense'?",
    ),
    (
        "/blocks/embed",
        [{"dense": 8, "dropout": 0.1}],
        "/blocks/embed/0",
        "'dense + dropout' is not one of dense, dropout, layer_norm, batch_norm; keep one of them here.",
    ),
    (
        "/blocks/embed/0/activation",
        "rleu",
        "/blocks/embed/0/activation",
        "'rleu' is not one of linear, relu, gelu, elu, selu, silu, tanh, sigmoid, softplus. Did you mean 'relu'?",
    ),
    ("/blocks/embed/0/dense", 0, "/blocks/embed/0/dense", "Expected more than 0, got 0."),
    ("/blocks/top/2/dropout", 1, "/blocks/top/2/dropout", "Expected less than 1.0, got 1."),
    ("/blocks/top/2/dropout", -0.1, "/blocks/top/2/dropout", "Expected 0.0 or more, got -0.1."),
    ("/blocks/mlp/1/layer_norm", False, "/blocks/mlp/1/layer_norm", "Expected true, got False."),
    ("/blocks/embed/0/l2", -1, "/blocks/embed/0/l2", "Expected 0.0 or more, got -1."),
    ("/blocks/embed", {"dense": 8}, "/blocks/embed", "Expected a list [...], got {'dense': 8}."),
    ("/blocks/embed", [8], "/blocks/embed/0", "Expected an object {...}, got 8."),
    (
        "/blocks/embed",
        [{"dense": 8, "units": 9}],
        "/blocks/embed/0/units",
        "Unknown key 'units'. Known keys: dense, activation, l2.",
    ),
    (
        "/head/output/task",
        "clasification",
        "/head/output/task",
        "'clasification' is not one of classification, binary, multilabel, regression. Did you mean 'classification'?",
    ),
    (
        "/head/output/classes",
        1,
        "/head/output/classes",
        "Classes are a number of at least 2, or a list of names, got 1.",
    ),
    (
        "/head/output/classes",
        ["a"],
        "/head/output/classes",
        "The names of classes are two texts or more, got ['a'].",
    ),
    (
        "/head/output/classes",
        ["a", "a"],
        "/head/output/classes",
        "The names of classes are different texts, got ['a', 'a'].",
    ),
    (
        "/head/output/classes",
        True,
        "/head/output/classes",
        "Classes are a number of at least 2, or a list of names, got True.",
    ),
    (
        "/head/output/classes",
        None,
        "/head/output",
        'A classification needs "classes": their number or a list of their names.',
    ),
    (
        "/head/output/units",
        2,
        "/head/output",
        'Only a regression has "units"; a classification is sized by its classes.',
    ),
    (
        "/head/output",
        {"task": "binary", "classes": 3},
        "/head/output",
        "A binary output tells 2 classes apart, got 3.",
    ),
    (
        "/head/output",
        {"task": "regression", "classes": 3},
        "/head/output",
        'A regression has no classes; for several numbers write "units".',
    ),
    ("/head/output", {}, "/head/output/task", "Missing key 'task'."),
    ("/head", [], "/head", "Expected an object {...}, got []."),
    (
        "/training/augment",
        {"photos": [{"flip": "horizontal"}]},
        "/training/augment/photos",
        "There is no input 'photos'. Did you mean 'photo'? Declared: photo, facts.",
    ),
    (
        "/training/augment",
        {"facts": [{"flip": "horizontal"}]},
        "/training/augment/facts",
        "Input 'facts' is a table; only images are augmented.",
    ),
    ("/training/augment/photo", [], "/training/augment/photo", "Expected 1 or more entries, got []."),
    (
        "/training/augment/photo",
        {"flip": "horizontal"},
        "/training/augment/photo",
        "Expected a list [...], got {'flip': 'horizontal'}.",
    ),
    (
        "/training/augment/photo/1",
        {"rotatoin": 0.1},
        "/training/augment/photo/1",
        "'rotatoin' is not one of flip, rotation, zoom, translation, contrast, brightness."
        " Did you mean 'rotation'?",
    ),
    (
        "/training/augment/photo/0/flip",
        "horizontaly",
        "/training/augment/photo/0/flip",
        "'horizontaly' is not one of horizontal, vertical, horizontal_and_vertical."
        " Did you mean 'horizontal'?",
    ),
    (
        "/training/augment/photo/1/rotation",
        15,
        "/training/augment/photo/1/rotation",
        "Expected less than 1.0, got 15.",
    ),
    (
        "/training/augment/photo/2/zoom",
        0,
        "/training/augment/photo/2/zoom",
        "Expected more than 0.0, got 0.",
    ),
    (
        "/training/augment/photo/3/translation",
        [0.1, 0.2],
        "/training/augment/photo/3/translation",
        "Expected a number, got [0.1, 0.2].",
    ),
    ("/training/phases", [], "/training/phases", "Expected 1 or more entries, got []."),
    ("/training/phases/0/train", [], "/training/phases/0/train", "Expected 1 or more entries, got []."),
    (
        "/training/phases/0/train/0",
        5,
        "/training/phases/0/train/0",
        'A part is a selector, or {"part": ..., "learning_rate": ...}, got 5.',
    ),
    (
        "/training/phases/0/train/0",
        {"part": "head"},
        "/training/phases/0/train/0/learning_rate",
        "Missing key 'learning_rate'.",
    ),
    ("/training/phases/0/epochs", 0, "/training/phases/0/epochs", "Expected more than 0, got 0."),
    (
        "/training/phases/0/name",
        "fine-tune",
        "/training/phases",
        "Phases have different names, but 'fine-tune' stands twice.",
    ),
    (
        "/training/phases/1/optimizer/name",
        "sdg",
        "/training/phases/1/optimizer/name",
        "'sdg' is not one of adam, adamw, rmsprop, sgd. Did you mean 'sgd'?",
    ),
    (
        "/training/phases/1/optimizer/name",
        "adam",
        "/training/phases/1/optimizer",
        "adam has no momentum to set; sgd and rmsprop have.",
    ),
    (
        "/training/phases/1/optimizer/momentum",
        0,
        "/training/phases/1/optimizer",
        '"nesterov" is for sgd with a momentum.',
    ),
    (
        "/training/phases/1/optimizer/learning_rate",
        0,
        "/training/phases/1/optimizer/learning_rate",
        "Expected more than 0.0, got 0.",
    ),
    (
        "/training/phases/1/optimizer/schedule",
        "cosin",
        "/training/phases/1/optimizer/schedule",
        "'cosin' is not one of constant, cosine. Did you mean 'cosine'?",
    ),
    (
        "/training/phases/1/optimizer/warmup",
        1,
        "/training/phases/1/optimizer/warmup",
        "Expected less than 1.0, got 1.",
    ),
    (
        "/training/phases/1/optimizer/nesterov",
        "yes",
        "/training/phases/1/optimizer/nesterov",
        "Expected true or false, got 'yes'.",
    ),
    (
        "/training/phases/1/batchnorm",
        "frozen",
        "/training/phases/1/batchnorm",
        "'frozen' is not one of inference, train.",
    ),
    ("/training/phases/1/keep", "all", "/training/phases/1/keep", "'all' is not one of best, last."),
    (
        "/training/phases/1/early_stopping",
        {},
        "/training/phases/1/early_stopping/patience",
        "Missing key 'patience'.",
    ),
    (
        "/training/phases/1/early_stopping/patience",
        0,
        "/training/phases/1/early_stopping/patience",
        "Expected more than 0, got 0.",
    ),
    ("/training/batch_size", 0, "/training/batch_size", "Expected more than 0, got 0."),
    ("/training/seed", -1, "/training/seed", "Expected 0 or more, got -1."),
    ("/training/seed", 2**32, "/training/seed", "Expected less than 4294967296, got 4294967296."),
    (
        "/training/stages",
        [],
        "/training/stages",
        "Unknown key 'stages'. Known keys: augment, views, class_weight, precision, phases, batch_size, seed.",
    ),
    ("/training", {}, "/training/phases", "Missing key 'phases'."),
]
"""Where the full recipe gets which value, and the place and text of the one problem that makes."""


@pytest.mark.parametrize(("place", "value", "where", "text"), BROKEN)
def test_a_broken_rule_is_one_problem_with_place_value_and_expectation(changed, place, value, where, text):
    assert examine(changed(place, value)).problems == (Problem(where, text),)


@pytest.mark.parametrize("name", ["a", "x", "xy", "x_", "x1", "A-b_9", "x" + "a" * 63, "a" * 64])
def test_a_name_is_a_letter_then_letters_digits_and_two_signs(changed, name):
    data = changed(f"/blocks/{name}", [{"dense": 1}], "/head/blocks", ["top", name])

    assert name in from_data(data).blocks


@pytest.mark.parametrize(
    "name", ["", "1a", "_a", "a.b", "a/b", "a b", "ä", "a\n", "x-", "x-a", "a" * 65, "a@b"]
)
def test_what_is_no_name_is_refused(changed, name):
    problems = examine(changed("/head/blocks/0", name)).problems

    assert [problem.place for problem in problems] == ["/head/blocks/0"]
    assert "cannot be a name: a letter, then at most 63" in problems[0].text


@pytest.mark.parametrize(
    ("make", "place", "text"),
    [
        (lambda: Image(shape=(8, 8)), "/shape/2", "The list is too short"),
        (
            lambda: Image(shape=(8, 8, 3), range=(1, 0)),
            "/range",
            "A range goes from low to high, got [1.0, 0.0].",
        ),
        (
            lambda: Image(shape=(8, 8, 3), range=(0, float("inf"))),
            "/range/1",
            "Expected a finite number, got inf.",
        ),
        (lambda: Table(columns=()), "/columns", "Expected 1 or more entries, got ()."),
        (lambda: WeightsFile(file=""), "/file", "Expected a text that is not empty"),
        (lambda: Backbone(arch="VGG16", weights="imagnet"), "/weights", "Weights are 'imagenet', null"),
        (
            lambda: Backbone(arch="VGG16", weights=Path("a.h5")),
            "/weights",
            'Weights in a file are written {"file": "a.h5"}',
        ),
        (
            lambda: KerasHubBackbone(kerashub="VGGBackbone", weights="a.h5", preprocess="none"),
            "/weights",
            'Weights in a file are written {"file": "a.h5"}',
        ),
        (
            lambda: Backbone(arch="VGG16", weights=None, options={"a": float("nan")}),
            "/options/a",
            "Expected a finite",
        ),
        (lambda: Branch(inputs="photo"), "/inputs", "Unknown key 'inputs'. Did you mean 'input'?"),
        (lambda: Concat(of=("a",)), "/from", "Expected 2 or more entries, got ('a',)."),
        (lambda: Dense(units=0), "/dense", "Expected more than 0, got 0."),
        (lambda: Dropout(rate=1.0), "/dropout", "Expected less than 1.0, got 1.0."),
        (lambda: LayerNorm(on=False), "/layer_norm", "Expected true, got False."),
        (lambda: BatchNorm(on=0), "/batch_norm", "Expected true, got 0."),
        (lambda: Output(task="classification"), "", 'A classification needs "classes"'),
        (lambda: Optimizer(name="adam", nesterov=True), "", '"nesterov" is for sgd'),
        (lambda: EarlyStopping(patience=0), "/patience", "Expected more than 0"),
        (lambda: Phase(name="a", train="head", epochs=1), "/train", "Expected a list [...], got 'head'."),
        (lambda: Training(phases=[]), "/phases", "Expected 1 or more entries, got []."),
        (
            lambda: Image(shape=(8, 8, 3), extras={"free": 1}),
            "/extras/free",
            "A free key starts with 'x-', and 'free' does not.",
        ),
    ],
)
def test_values_made_in_python_keep_the_same_rules(make, place, text):
    with pytest.raises(RecipeError, match="1 problem\n") as caught:
        make()

    assert [problem.place for problem in caught.value.problems] == [place]
    assert caught.value.problems[0].text.startswith(text)


def test_a_constructor_lists_every_problem_of_nested_values():
    with pytest.raises(RecipeError, match=r"^Recipe: \d problems") as caught:
        Recipe(
            name="",
            colour="red",
            inputs={"photo": {"kind": "image", "shape": (8, 8), "rnge": (0, 1)}},
            branches={"all": {"input": "photo", "pool": "mean"}},
            head=Head(output=Output(task="binary")),
        )

    assert {problem.place for problem in caught.value.problems} == {
        "/name",
        "/colour",
        "/inputs/photo/rnge",
        "/inputs/photo/shape/2",
        "/branches/all/pool",
    }


def test_fields_have_python_names_and_those_of_the_format():
    assert Dense(units=3) == Dense(dense=3)
    assert Add(of=("a", "b")) == Add(**{"from": ("a", "b")})
    assert (Dense(units=3).dense, LayerNorm().layer_norm, BatchNorm().batch_norm) == (3, True, True)


def test_what_a_value_says_of_itself():
    part = Part(part="vgg", learning_rate=1e-5)
    phase = Phase(name="a", train=["head", part], epochs=1, optimizer=Optimizer(learning_rate=0.1))

    assert Branch(input="x", cut="a").cuts == ("a",)
    assert Branch(input="x", cut=["a"]) == Branch(input="x", cut="a")
    assert phase.parts == (Part(part="head", learning_rate=0.1), part)
    assert [Output(task="regression").width, Output(task="regression", units=3).width] == [1, 3]
    assert Output(task="multilabel", classes=4).width == 4
    assert Output(task="binary", classes=("no", "yes")).labels == ("no", "yes")
    assert Output(task="multilabel", classes=4).labels is None


def optional_table(absence):
    return {
        "recipe": 1,
        "name": "x",
        "inputs": {
            "facts": {"kind": "tabular", "columns": ["area"], "optional": absence},
            "more": {"kind": "tabular", "columns": ["rooms"]},
        },
        "branches": {"a": {"input": "facts"}, "b": {"input": "more"}},
        "fusion": {"op": "concat", "from": ["a", "b"]},
        "head": {"output": {"task": "regression"}},
    }


def test_an_optional_input_is_written_without_its_defaults():
    recipe = from_data(optional_table({"dropout": 0.0, "missing": "zeros"}))

    assert to_data(recipe)["inputs"]["facts"]["optional"] == {"missing": "zeros"}
    assert from_data(to_data(recipe)) == recipe


@pytest.mark.parametrize(
    ("absence", "place", "text"),
    [
        ({"missing": "zeroes"}, "/inputs/facts/optional/missing", "Did you mean 'zeros'"),
        ({"missing": "zeros", "dropout": 1.0}, "/inputs/facts/optional/dropout", "less than 1"),
        ({"dropout": 0.1}, "/inputs/facts/optional/missing", "Missing key"),
        ({"missing": "zeros", "drop": 0.1}, "/inputs/facts/optional/drop", "Did you mean 'dropout'"),
    ],
)
def test_what_is_said_of_an_absence_is_checked(absence, place, text):
    (problem,) = examine(optional_table(absence)).problems

    assert problem.place == place
    assert text in problem.text


def test_the_only_input_is_never_missing():
    data = optional_table({"missing": "zeros"})
    del data["inputs"]["more"], data["branches"]["b"], data["fusion"]

    (problem,) = examine(data).problems

    assert problem.place == "/inputs/facts/optional"
    assert "the only input" in problem.text
