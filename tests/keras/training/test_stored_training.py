"""Training on stored tensors gives the weights of training without, whatever is frozen and however it is joined."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers as kl
from PIL import Image

from fusion.backbones.applications import REGISTERED
from fusion.backbones.registered import register_backbone
from fusion.checking import resolve
from fusion.data.examples import Array, Data, Examples, ImageFiles
from fusion.errors import StoreError
from fusion.features import needs, planning
from fusion.frontier.plans import plan
from fusion.frontier.rates import Rates
from fusion.model.addresses import weights
from fusion.model.files import load, save
from fusion.recipe.reading import from_data
from fusion.store import room
from fusion.training.evaluation import evaluate
from fusion.training.fitting import fit
from fusion.training.onlooking import Onlooker

SLOW = Rates(compute=1e4, decode=0)
"""A machine on which all is worth storing."""
TINY = {"weights": None, "options": {"width": 4}}
PHOTO = {"kind": "image", "shape": [16, 16, 3]}
COUNT, BATCH = 50, 16


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    monkeypatch.setattr(planning, "machine_rates", lambda: SLOW)


def mixed(input_shape):
    """Three paths side by side, twice, a dropout between; the last path is a bare operation."""
    x = inputs = keras.Input(input_shape)
    for number in (1, 2):
        paths = [kl.Conv2D(4, size, padding="same", name=f"path{number}_{size}")(x) for size in (1, 3)]
        x = kl.Concatenate(name=f"mixed{number}")([*paths, keras.ops.tanh(paths[0])])
        x = kl.Dropout(0.5, name=f"drop{number}")(x)
        x = kl.MaxPooling2D(name=f"pool{number}")(x)
    return keras.Model(inputs, x)


@pytest.fixture(autouse=True, scope="module")
def registered():
    register_backbone("Mixed", mixed, preprocess="tf")
    yield
    # What stays registered would be an architecture in every test after these.
    del REGISTERED["Mixed"]


def data_of(inputs):
    """Examples for any inputs, of two classes that differ a little in all of them."""

    def part(count, seed):
        random = np.random.default_rng(seed)
        targets = random.integers(0, 2, count)
        columns = {name: Array(_values(declared, targets, random)) for name, declared in inputs.items()}
        for name, declared in inputs.items():
            if declared.get("optional"):
                columns[name].values[::5] = np.nan
        return Examples(columns, targets.astype("int64"), tuple(f"{seed}/{n}" for n in range(count)))

    return Data(part(COUNT, 0), part(21, 1), None, None, "Made up.")


def _values(declared, targets, random):
    if declared["kind"] == "image":
        photos = random.uniform(0, 200, (len(targets), *declared["shape"]))
        return (photos + 30 * targets[:, None, None, None]).astype("float32")
    if declared["kind"] == "categorical":
        return np.array(["a", "b", "c"])[(targets + random.integers(0, 2, len(targets)))][:, None]
    return (random.normal(size=(len(targets), len(declared["columns"]))) + targets[:, None]).astype("float32")


TOP = {"top": [{"dense": 8, "activation": "relu"}, {"dropout": 0.3}]}


def recipe(backbones, branches, *phases, inputs=None, blocks=None, fusion=None, head=("top",), **training):
    return from_data(
        {
            "recipe": 1,
            "name": "case",
            "requires": ["Mixed"] if any(each["arch"] == "Mixed" for each in backbones.values()) else [],
            "inputs": inputs or {"photo": PHOTO},
            "backbones": backbones,
            "blocks": {
                name: steps for name, steps in {**TOP, **(blocks or {})}.items() if name in head or blocks
            },
            "branches": branches,
            **({"fusion": fusion} if fusion else {}),
            "head": {
                **({"blocks": list(head)} if head else {}),
                "output": {"task": "classification", "classes": 2},
            },
            "training": {
                "batch_size": BATCH,
                **training,
                "phases": [
                    {"name": str(number), "epochs": 2, "optimizer": {"learning_rate": 0.01}, **phase}
                    for number, phase in enumerate(phases)
                ],
            },
        }
    )


VGG = {"eye": {"arch": "TinyVGG", **TINY}}
RES = {"eye": {"arch": "TinyResNet", **TINY}}
MIXED = {"eye": {"arch": "Mixed", "weights": None}}
ONE = {"all": {"input": "photo", "backbone": "eye"}}
PAIR = {"left": PHOTO, "right": PHOTO}
FACTS = {"kind": "tabular", "columns": ["a", "b"]}
TWO = {
    "l": {"input": "left", "backbone": "eye", "cut": "stage2_block1_out"},
    "r": {"input": "right", "backbone": "eye", "cut": "stage2_block1_out"},
}
MAPS = {name: {**branch, "pool": "none"} for name, branch in TWO.items()}
HEAD = {"train": ["head"]}

CASES = {
    "all frozen": (recipe(VGG, ONE, HEAD), [{"all.pool"}]),
    "several cuts": (
        recipe(VGG, {"all": {**ONE["all"], "cut": ["block1_pool", "block2_pool"]}}, HEAD),
        [{"all.taps"}],
    ),
    "last blocks of a chain": (
        recipe(VGG, ONE, {"train": ["head", "eye[block3_conv1..]"]}),
        [{"eye/block2_pool"}],
    ),
    "inside a residual block": (
        recipe(RES, ONE, {"train": ["head", "eye[stage3_block1_conv2]"]}),
        [{"eye/stage3_block1_bn0", "eye/stage3_block1_relu1"}],
    ),
    "batch normalisation trains": (
        recipe(RES, ONE, {"train": ["head", "eye[stage3_block1_out..]"], "batchnorm": "train"}),
        [{"eye/stage3_block1_out"}],
    ),
    "paths side by side": (
        recipe(MIXED, ONE, {"train": ["head", "eye[path2_3]"]}),
        [{"eye/pool1", "eye/path2_1", "eye/tanh_1"}],
    ),
    "phases in turn": (
        recipe(
            RES,
            ONE,
            HEAD,
            {"train": ["head", {"part": "eye[stage3_block2_conv1..]", "learning_rate": 0.001}]},
            {
                "train": ["head", "eye[stage2_block1_out..]"],
                "optimizer": {
                    "name": "sgd",
                    "learning_rate": 0.01,
                    "momentum": 0.9,
                    "schedule": "cosine",
                    "warmup": 0.2,
                },
            },
            HEAD,
        ),
        [{"all.pool"}, {"eye/stage3_block1_out"}, {"eye/stage2_block1_out"}, {"all.pool"}],
    ),
    "the same frozen part twice": (recipe(VGG, ONE, HEAD, HEAD), [{"all.pool"}, {"all.pool"}]),
    "two backbones on one input": (
        recipe(
            {"a": {"arch": "TinyVGG", **TINY}, "b": {"arch": "TinyResNet", **TINY}},
            {"x": {"input": "photo", "backbone": "a"}, "y": {"input": "photo", "backbone": "b"}},
            {"train": ["head", "b[stage3_block2_conv1..]"]},
            fusion={"op": "concat", "from": ["x", "y"]},
        ),
        [{"x.pool", "b/stage3_block1_out"}],
    ),
    "one backbone on two inputs": (
        recipe(
            RES,
            TWO,
            {"train": ["head", "eye[stage2_block1_conv1]", "eye[stage2_block1_conv0]"]},
            inputs=PAIR,
            fusion={"op": "compare", "from": ["l", "r"]},
        ),
        [{"eye@left/stage1_block1_out", "eye@right/stage1_block1_out"}],
    ),
    "a frozen branch block with dropout": (
        recipe(
            VGG,
            {"all": {**ONE["all"], "blocks": ["noisy"]}},
            HEAD,
            blocks={"noisy": [{"dense": 6}, {"batch_norm": True}, {"dropout": 0.7}]},
        ),
        [{"all.noisy"}],
    ),
    "a branch block that trains": (
        recipe(
            VGG,
            {"all": {**ONE["all"], "blocks": ["noisy"]}},
            {"train": ["head", "block:noisy"]},
            blocks={"noisy": [{"dense": 6}, {"batch_norm": True}, {"dropout": 0.3}]},
        ),
        [{"all.pool"}],
    ),
    "a table and a category beside a photograph": (
        recipe(
            VGG,
            {
                "all": ONE["all"],
                "facts_": {"input": "facts", "blocks": ["mlp"]},
                "place": {"input": "zip", "blocks": ["embed"]},
            },
            {"train": ["head", "block:mlp", "block:embed"]},
            inputs={
                "photo": PHOTO,
                "facts": FACTS,
                "zip": {"kind": "categorical", "column": "zip", "most": 2},
            },
            blocks={"mlp": [{"dense": 4}], "embed": [{"dense": 3}]},
            fusion={"op": "concat", "from": ["all", "facts_", "place"]},
        ),
        [{"all.pool", "facts.normalise"}],
    ),
    "fusions of fusions": (
        recipe(
            RES,
            {**TWO, "facts_": {"input": "facts"}},
            {"train": ["fusion:told", "head"]},
            inputs={**PAIR, "facts": FACTS},
            fusion={
                "seen": {"op": "weighted_sum", "from": ["l", "r"], "project": 6},
                "told": {"op": "film", "from": ["seen", "facts_"]},
            },
        ),
        [{"seen", "facts.normalise"}],
    ),
    "gates": (
        recipe(
            RES, TWO, {"train": ["fusion", "head"]}, inputs=PAIR, fusion={"op": "gated", "from": ["l", "r"]}
        ),
        [{"l.pool", "r.pool"}],
    ),
    "attention between maps": (
        recipe(
            RES,
            MAPS,
            {"train": ["fusion", "head"]},
            inputs=PAIR,
            fusion={"op": "cross_attention", "from": ["l", "r"], "heads": 2},
        ),
        [{"l.pool", "r.pool"}],
    ),
    "one of two inputs is augmented": (
        recipe(
            RES,
            TWO,
            HEAD,
            inputs=PAIR,
            fusion={"op": "concat", "from": ["l", "r"]},
            augment={"left": [{"flip": "horizontal"}]},
        ),
        [{"r.pool"}],
    ),
    "branches that predict for themselves": (
        recipe(
            RES,
            TWO,
            {"train": ["fusion"]},
            inputs=PAIR,
            fusion={"op": "late", "from": ["l", "r"], "weights": "learned"},
            head=(),
        ),
        [{"l.pool", "r.pool"}],
    ),
    "auxiliary outputs beside a frozen fusion": (
        recipe(
            RES,
            TWO,
            HEAD,
            {"train": ["fusion"]},
            inputs=PAIR,
            fusion={"op": "gated", "from": ["l", "r"]},
        ).replace("/head/auxiliary", {"l": 0.3}),
        [{"l.pool", "fusion"}, {"l.pool", "r.pool"}],
    ),
    "inputs that an example may lack": (
        recipe(
            RES,
            TWO,
            HEAD,
            inputs={**PAIR, "right": {**PHOTO, "optional": {"missing": "learned", "dropout": 0.5}}},
            fusion={"op": "concat", "from": ["l", "r"]},
        ),
        [{"l.pool", "r.pool", "right.optional.present"}],
    ),
    "the first half of one network, the second half of another": (
        recipe(
            {"one": {"arch": "TinyVGG", **TINY}, "two": {"arch": "TinyResNet", **TINY}},
            {
                "front": {"input": "photo", "backbone": "one", "cut": "block1_pool", "pool": "none"},
                "back": {"from": "front", "backbone": "two", "enter": "stage2_block1_out"},
            },
            {"train": ["stitch:two", "head"]},
            {"train": ["head", "two[stage3_block1_out..]"], "batchnorm": "train"},
            HEAD,
        ),
        [{"one/block1_pool"}, {"two/stage3_block1_out"}, {"back.pool"}],
    ),
    "a whole architecture": (
        recipe(
            {"eye": {"arch": "MobileNetV2", "weights": None, "options": {"alpha": 0.35}}},
            ONE,
            {"train": ["head", "eye[block_15_add..]"], "batchnorm": "train"},
            inputs={"photo": {"kind": "image", "shape": [64, 64, 3]}},
        ),
        [{"eye/block_15_add"}],
    ),
    "two halves on two inputs": (
        recipe(
            {"one": {"arch": "TinyVGG", **TINY}, "two": {"arch": "TinyResNet", **TINY}},
            {
                "left_": {"input": "left", "backbone": "one", "cut": "block1_pool", "pool": "none"},
                "right_": {"input": "right", "backbone": "one", "cut": "block1_pool", "pool": "none"},
                "l": {"from": "left_", "backbone": "two", "enter": "stage1_block1_out"},
                "r": {"from": "right_", "backbone": "two", "enter": "stage1_block1_out"},
            },
            {"train": ["head", "two[stage2_block1_out..]"]},
            inputs=PAIR,
            fusion={"op": "compare", "from": ["l", "r"]},
        ),
        [{"two@left/stage2_block1_out", "two@right/stage2_block1_out"}],
    ),
    "the best epoch is kept and the phase ends early": (
        recipe(
            VGG,
            ONE,
            {
                "train": ["head"],
                "epochs": 12,
                "early_stopping": {"patience": 1},
                "optimizer": {"learning_rate": 0.5},
            },
            {"train": ["head", "eye[block3_conv1..]"], "keep": "last"},
        ),
        [{"all.pool"}, {"eye/block2_pool"}],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_frontier_lies_where_it_is_meant_to(case):
    declared, frontiers = CASES[case]
    found = plan(resolve(declared), examples=COUNT, rates=SLOW)

    assert [{each.name for each in phase.frontier.tensors} for phase in found.phases] == frontiers


QUICK = ("all frozen", "inside a residual block", "auxiliary outputs beside a frozen fusion")


@pytest.mark.parametrize(
    "case", [case if case in QUICK else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
def test_stored_tensors_change_no_weight(case, tmp_path):
    declared, _ = CASES[case]
    data = data_of({name: each.model_dump() for name, each in declared.inputs.items()})

    plain, stored = (fit(declared, data, store=store) for store in (False, tmp_path))

    wanted, found = weights(plain.model), weights(stored.model)
    assert [name for name in wanted if not np.array_equal(wanted[name], found[name])] == []
    assert [each.metrics for each in plain.history.epochs] == [each.metrics for each in stored.history.epochs]
    assert plain.history.kept == stored.history.kept
    assert any(tmp_path.iterdir())


class Seen(Onlooker):
    """Notes what is extracted, and may break off."""

    def __init__(self, *, stop_at=None):
        super().__init__()
        self.stop_at = stop_at
        self.extractions = []
        self.models = []

    def on_extraction(self, seen):
        self.extractions.append((seen.what, seen.since, seen.done))
        if seen.done == self.stop_at:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.models.append(self.model)
        self.model.stop_training = True


@pytest.fixture(scope="module")
def whole():
    declared, _ = CASES["all frozen"]
    return declared, data_of({name: each.model_dump() for name, each in declared.inputs.items()})


def test_what_is_stored_is_not_computed_again_by_a_later_run(whole, tmp_path):
    first, second = Seen(), Seen()

    for seen in (first, second):
        fit(*whole, store=tmp_path, watch=lambda _, seen=seen: [seen])

    assert first.extractions == [("train", 0, n) for n in (16, 32, 48, 50)] + [
        ("validation", 0, n) for n in (16, 21)
    ]
    assert second.extractions == [("train", 50, 50), ("validation", 21, 21)]


def test_an_extraction_goes_on_where_it_was_broken_off(whole, tmp_path):
    broken, later = Seen(stop_at=32), Seen()

    with pytest.raises(KeyboardInterrupt):
        fit(*whole, store=tmp_path, watch=lambda _: [broken])
    found = fit(*whole, store=tmp_path, watch=lambda _: [later])

    assert later.extractions[0] == ("train", 32, 48)
    wanted = weights(fit(*whole, store=False, watch=lambda _: [Seen()]).model)
    assert all(np.array_equal(value, wanted[name]) for name, value in weights(found.model).items())


def test_a_disk_without_room_is_told_before_training_and_not_where_all_is_stored(
    whole, tmp_path, monkeypatch
):
    store, seen = tmp_path / "store", Seen()
    monkeypatch.setattr(room, "free_bytes", lambda _: 71 * 16 * 4 - 1)
    monkeypatch.setattr(needs, "free_bytes", lambda _: 71 * 16 * 4 - 1)

    with pytest.raises(StoreError, match=r"needs 4\.4 KiB more, and its disk has 4\.4 KiB free"):
        fit(*whole, store=store, watch=lambda _: [seen], out=tmp_path / "run")
    assert seen.extractions == []
    assert not (tmp_path / "run").exists()

    monkeypatch.undo()
    monkeypatch.setattr(planning, "machine_rates", lambda: SLOW)
    fit(*whole, store=store)
    monkeypatch.setattr(room, "free_bytes", lambda _: 0)
    monkeypatch.setattr(needs, "free_bytes", lambda _: 0)
    fit(*whole, store=store, watch=lambda _: [seen])
    assert seen.extractions[0] == ("train", 50, 50)


def test_a_store_that_cannot_be_is_told_before_training(whole, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="there is a file where a folder has to be"):
        fit(*whole, store=tmp_path / "file", out=tmp_path / "run")

    assert not (tmp_path / "run").exists()


def test_callbacks_see_the_whole_model_and_can_stop_it(whole, tmp_path):
    seen = Seen()

    found = fit(*whole, store=tmp_path, watch=lambda _: [seen])

    assert seen.models == [found.model]
    assert len(found.history.epochs) == 1
    assert found.model.optimizer.iterations == 4


def test_the_finished_model_is_saved_whole(whole, tmp_path):
    declared, data = whole
    found = fit(declared, data, store=tmp_path / "store")
    photos = data.train.columns["photo"].values[:4]

    save(found.model, tmp_path / "model.keras", recipe=declared)

    assert np.array_equal(load(tmp_path / "model.keras").model.predict(photos), found.model.predict(photos))


def test_a_split_is_judged_by_its_stored_tensors_alike(whole, tmp_path):
    declared, data = whole
    found = fit(declared, data, store=tmp_path)

    by_parts = evaluate(*found.parts["train"], declared.head.output)

    assert by_parts == pytest.approx(evaluate(found.model, data.train, declared.head.output), rel=1e-6)


def test_a_phase_that_gains_little_stores_nothing(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e12))

    found = fit(*whole, store=tmp_path)

    assert found.parts == {}
    assert list(tmp_path.iterdir()) == []


def test_photographs_that_are_augmented_are_decoded_once(tmp_path):
    declared = recipe(VGG, ONE, {"train": ["head", "eye"]}, augment={"photo": [{"flip": "horizontal"}]})
    made = data_of({"photo": PHOTO})
    paths = tuple(tmp_path / f"{number}.png" for number in range(COUNT))
    for path, pixels in zip(paths, made.train.columns["photo"].values, strict=True):
        Image.fromarray(pixels.astype("uint8")).save(path)
    files = replace(made.train, columns={"photo": ImageFiles(paths, (16, 16, 3), (0, 255))})
    data = replace(made, train=files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "machine_rates", lambda: Rates(decode=1))
        plain, stored = (fit(declared, data, store=store) for store in (False, tmp_path / "store"))

    assert list(stored.parts["train"][1].columns) == ["photo"]
    kept = stored.parts["train"][1].columns["photo"].values
    assert (kept.shape, kept.dtype) == ((COUNT, 16, 16, 3), np.uint8)
    # Arrays may hold what is no whole number.
    assert stored.parts["validation"][1].columns["photo"].values.dtype == np.float32
    wanted, found = weights(plain.model), weights(stored.model)
    assert [name for name in wanted if not np.array_equal(wanted[name], found[name])] == []
