import subprocess
import sys

from fusion.checking import resolve
from fusion.notebooks import register, shown
from fusion.recipe.recipe import Recipe
from fusion.recipe.short import fuse

RECIPE = fuse("TinyVGG[block2_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))


def test_a_recipe_and_its_graph_show_the_same_picture():
    assert shown(RECIPE)["image/svg+xml"].startswith("<svg")
    assert shown(RECIPE) == shown(resolve(RECIPE))


def test_a_recipe_with_problems_shows_them():
    found = shown(RECIPE.replace("/branches/tinyvgg_view/cut", "block9_pool"))

    assert list(found) == ["text/plain"]
    assert "no layer 'block9_pool'" in found["text/plain"]


def test_a_recipe_with_an_op_that_does_not_fit_shows_where_and_why():
    table = {"kind": "tabular", "columns": ["area"]}
    recipe = Recipe(
        name="unequal",
        inputs={"a": table, "b": table | {"columns": ["rooms", "price"]}},
        branches={"left": {"input": "a"}, "right": {"input": "b"}},
        fusion={"op": "add", "from": ["left", "right"]},
        head={"output": {"task": "binary"}},
    )

    found = shown(recipe)
    assert "does not fit" in found["image/svg+xml"]
    assert "add needs vectors of one width" in found["text/plain"]


def test_the_formatter_is_told_of_both_kinds():
    told = {}

    class Formatter:
        def for_type(self, kind, function):
            told[kind.__name__] = function

    register(Formatter())

    assert told == {"Recipe": shown, "FusionGraph": shown}


def test_importing_fusion_in_a_notebook_registers_it():
    program = """
import sys, types
told = []
formatter = types.SimpleNamespace(for_type=lambda kind, function: told.append(kind.__name__))
shell = types.SimpleNamespace(display_formatter=types.SimpleNamespace(mimebundle_formatter=formatter))
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)
import fusion
print(*told)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["Recipe", "FusionGraph"]
