"""What editors and type checkers know of recipes written in Python."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fusion

ROOT = Path(__file__).parents[2]
RIGHT = """
import fusion
from fusion import Backbone, Branch, Concat, Dense, Dropout, Gated, Head, Image, Output, Phase, Recipe, Table, Training

recipe = Recipe(
    name="small",
    inputs={"photo": Image(shape=(64, 64, 3)), "facts": Table(columns=["a", "b"])},
    backbones={"plain": Backbone(arch="TinyVGG", weights=None, options={"width": 4})},
    branches={
        "texture": Branch(input="photo", backbone="plain", cut=["block2_pool", "last"], pool="avg+max"),
        "row": Branch(input="facts", blocks=["mlp"]),
    },
    fusion={"one": Concat(of=["texture", "row"]), "two": Gated(of=["one", "row"], units=8)},
    blocks={"mlp": [Dense(units=8, activation="relu"), Dropout(rate=0.1)]},
    head=Head(output=Output(task="classification", classes=["cat", "dog"])),
    training=Training(
        phases=[Phase(name="head", train=["head", fusion.Part(part="plain", learning_rate=1e-4)], epochs=3)],
        augment={"photo": [fusion.Flip(mode="horizontal")]},
    ),
)
changed: Recipe = recipe.replace("/branches/texture/cut", "block3_pool")
cuts: tuple[str, ...] = changed.branches["texture"].cuts
study = fusion.Study(name="cuts", recipe=recipe, axes={"/head/output/logits": [True]}, arms={"b": fusion.Arm(branches=["row"])})
place: str = fusion.check(changed)[0].place
run = fusion.train(changed, "photos", out="runs/first")
best: float = run.metrics["test"]["accuracy"]
"""
WRONG = {
    'fusion.Branch(inptu="photo", backbone="plain")': 'Unexpected keyword argument "inptu" for "Branch"; did you mean "input"?',
    'fusion.Branch(input="photo", pool="averge")': 'Argument "pool" to "Branch" has incompatible type',
    'fusion.Output(task="clasification", classes=3)': 'Argument "task" to "Output" has incompatible type',
    'fusion.Phase(name="one", train=["head"], epochs="3")': 'Argument "epochs" to "Phase" has incompatible type "str"',
    'fusion.Concat(off=["a", "b"])': 'Unexpected keyword argument "off" for "Concat"; did you mean "of"?',
}


def test_editors_know_every_public_name_and_the_fields_of_values():
    assert (Path(fusion.__file__).parent / "py.typed").is_file()
    seen = (
        (ROOT / "fusion" / "__init__.py")
        .read_text(encoding="utf-8")
        .partition("if TYPE_CHECKING:")[2]
        .partition("LATER")[0]
    )
    assert [name for name in fusion.LATER if not re.search(rf"\b{name}\b", seen)] == []
    assert all("from" not in kind.__signature__.parameters for kind in (fusion.Branch, fusion.Concat))


@pytest.mark.slow
def test_mypy_takes_a_recipe_as_it_is_written_and_refuses_what_is_mistyped(tmp_path):
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "quick.py").write_text((ROOT / "recipes" / "quickstart.py").read_text(encoding="utf-8"))
    (tmp_path / "wrong.py").write_text("\n".join(["import fusion", *WRONG]))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file="),
            *("--cache-dir", str(tmp_path / "cache"), "right.py", "quick.py", "wrong.py"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
    )

    found = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(found) == len(WRONG), done.stdout
    for line, text in zip(found, WRONG.values(), strict=True):
        assert line.startswith("wrong.py")
        assert text in line
