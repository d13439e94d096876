"""Plans of whole trainings, and the command that prints them."""

import json
import re
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from fusion.cli.planning import _print, duration
from fusion.cli.planning import plan as command
from fusion.errors import TrainingError
from fusion.frontier import machines
from fusion.frontier.machines import keep_rates, known_rates
from fusion.frontier.plans import plan
from fusion.frontier.rates import Rates
from fusion.wording import memory, operations


def test_a_plan_adds_up_its_phases(phase_graph):
    found = plan(phase_graph("Chain", ["head"], ["head", "net[conv3..]"]), examples=100, least=0)

    first, second = found.phases
    assert first.train == ("head",)
    assert second.train == ("head", "net[conv3..]")
    assert second.trainable == first.trainable + 9 * 16 * 32 + 32
    assert first.stored_bytes == 100 * first.frontier.stored_bytes == 100 * 4 * 32
    assert first.flops == 100 * first.frontier.suffix_flops
    assert first.whole_flops == 100 * first.frontier.whole_flops
    assert first.once_seconds == pytest.approx(100 * first.frontier.once_seconds)
    assert first.epoch_seconds == pytest.approx(100 * first.frontier.epoch_seconds)
    assert first.whole_seconds == pytest.approx(100 * first.frontier.whole_seconds)
    assert found.stored_bytes == first.stored_bytes + second.stored_bytes
    each = [phase.once_seconds + 10 * phase.epoch_seconds for phase in found.phases]
    assert found.seconds == pytest.approx(sum(each))
    assert found.whole_seconds == pytest.approx(10 * (first.whole_seconds + second.whole_seconds))


def test_what_an_earlier_phase_stored_is_not_computed_again(phase_graph):
    found = plan(phase_graph("Chain", ["head"], ["head"]), examples=100, least=0)

    first, second = found.phases
    assert first.kept == ()
    assert second.kept == second.frontier.tensors
    assert first.once_seconds > 0
    assert second.once_seconds == 0
    assert found.stored_bytes == first.stored_bytes


def test_what_an_earlier_phase_stored_and_lies_after_what_is_reset_is_computed_again(phase_graph):
    graph = phase_graph("Chain", ["head"], ["head"])
    later = replace(graph.phases[1], reset=frozenset({"net/conv2"}))

    _, second = plan(replace(graph, phases=(graph.phases[0], later)), examples=100, least=0).phases

    assert second.kept == ()
    assert second.once_seconds > 0


def test_what_an_earlier_phase_stored_and_changed_is_computed_again(phase_graph):
    found = plan(phase_graph("Chain", ["head"], ["head", "net[conv3..]"], ["head"]), examples=100, least=0)

    assert found.phases[2].kept == ()
    assert found.phases[2].once_seconds > 0
    assert found.stored_bytes == sum(phase.stored_bytes for phase in found.phases)


def test_a_faster_machine_takes_less(phase_graph):
    graph = phase_graph("Chain", ["head"])

    fast, slow = (plan(graph, examples=10, rates=Rates(compute=each), least=0) for each in (1e12, 1e9))

    assert fast.seconds < slow.seconds
    assert fast.rates.compute == 1e12


def test_a_recipe_without_training_has_no_plan(graph_of, data_of):
    with pytest.raises(TrainingError, match="'one' says nothing of training"):
        plan(graph_of(data_of()), examples=10)


def test_a_plan_for_no_examples_is_refused(phase_graph):
    with pytest.raises(TrainingError, match="1 example or more, got examples=0"):
        plan(phase_graph("Chain", ["head"]), examples=0)


RECIPE = {
    "recipe": 1,
    "name": "facts",
    "inputs": {"facts": {"kind": "tabular", "columns": ["a", "b"]}},
    "branches": {"all": {"input": "facts", "blocks": ["mlp"]}},
    "blocks": {"mlp": [{"dense": 4096}, {"dense": 4}]},
    "head": {"output": {"task": "regression"}},
    "training": {
        "phases": [
            {"name": "[all] of it", "train": ["head", "block:mlp"], "epochs": 2},
            {"name": "head last", "train": ["head"], "epochs": 20},
        ]
    },
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))
    # As measured before: to measure takes TensorFlow.
    keep_rates(Rates())
    app = typer.Typer()
    app.command()(command)
    (tmp_path / "r.json").write_text(json.dumps(RECIPE))

    def call(*words):
        return CliRunner().invoke(app, [str(tmp_path / "r.json"), *words], catch_exceptions=False)

    return call


def test_the_command_says_what_each_phase_trains_stores_and_takes(run):
    done = run("--examples", "5000000")

    assert done.exit_code == 0
    for text in (
        "[all] of it: trains head, block:mlp (28.7 k weights)",
        "read anew in every epoch: facts",
        "head last: trains head (5 weights)",
        "stored: all.mlp 4, 16 B an example",
        "In all ",
        "On 5000000 examples",
    ):
        assert text in done.stdout


def test_the_command_prints_the_plan_as_json(run):
    found = json.loads(run("--examples", "5000000", "--json").stdout)

    assert found["examples"] == 5000000
    assert [phase["frontier"]["phase"] for phase in found["phases"]] == ["[all] of it", "head last"]
    assert found["phases"][1]["frontier"]["tensors"] == [
        {"node": "all.mlp", "layer": "", "shape": [4], "dtype": "float32", "bytes": 16, "views": 1}
    ]


def test_a_plan_in_words_has_time_and_operations_either_way_and_what_views_take(
    graph_of, data_of, with_phases, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    data = with_phases(data_of(), ["head"], augment={"photo": [{"flip": "horizontal"}]})
    data["training"]["views"] = 3
    found = plan(graph_of(data), examples=1000)
    (phase,) = found.phases

    _print(found)

    said = capsys.readouterr().out
    assert (
        "in 3 views: extraction takes 3 times as long, and epochs take them in turn where otherwise each"
        in said
    )
    row = next(line for line in said.splitlines() if "phase 0  " in line)
    assert [each.strip() for each in row.split("  ") if each.strip()] == [
        "phase 0",
        "10",
        memory(phase.stored_bytes),
        operations(phase.flops),
        operations(phase.whole_flops),
        duration(phase.epoch_seconds),
        duration(phase.whole_seconds),
        duration(phase.once_seconds),
    ]
    assert f"In all {duration(found.seconds)}, with" in said
    assert f"; {duration(found.whole_seconds)} with nothing stored" in said


@pytest.mark.parametrize("words", [(), ("--examples", "5", "--data", "photos")])
def test_the_command_wants_a_number_of_examples_or_data(run, words):
    with pytest.raises(TrainingError, match="Say how many examples it trains on: --examples N, or --data"):
        run(*words)


def test_no_more_is_stored_of_so_many_examples_than_the_store_may_take(run, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE_BYTES", "1 MB")

    assert "stored: all.mlp" not in run("--examples", "5000000").stdout


def test_the_command_wants_one_example_or_more(run):
    assert run("--examples", "0").exit_code == 2


def test_the_command_counts_examples_of_data(run, tmp_path):
    rows = "\n".join(f"{number},{number % 7},{number}" for number in range(100))
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}\n")
    (tmp_path / "d.json").write_text(
        '{"dataset": 1, "table": "t.csv", "inputs": {"facts": {"columns": ["a", "b"]}},'
        ' "target": {"column": "y"}, "split": {"validation": 0.2, "test": 0.1}}'
    )

    found = run("--data", str(tmp_path / "d.json"))

    assert found.exit_code == 0
    assert re.search(r"On 7\d examples, without validation", found.stdout)
    assert "nothing is stored: it would save 0 ms" in found.stdout


def test_what_little_storing_would_save_is_not_stored(phase_graph):
    graph = phase_graph("Chain", ["head"])

    much, little = (plan(graph, examples=count).phases[0] for count in (10**7, 10))

    assert much.saving > 1
    assert much.frontier.tensors
    assert 0 < little.saving < 1
    assert little.frontier.tensors == ()
    assert little.epoch_seconds == little.whole_seconds


def test_tensors_that_take_more_than_they_may_give_way_to_smaller_ones(phase_graph):
    graph = phase_graph("Chain", ["head", "net[conv3..]"])
    rates = Rates(compute=1e6)
    (best,) = plan(graph, examples=100, rates=rates).phases

    (smaller,) = plan(graph, examples=100, rates=rates, most=best.stored_bytes - 1).phases

    assert smaller.stored_bytes < best.stored_bytes


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))


def test_rates_that_were_measured_are_known_later(cache):
    assert known_rates() is None

    keep_rates(Rates(compute=2e9))

    assert known_rates() == Rates(compute=2e9)


def test_rates_are_those_of_one_kind_of_machine(cache, monkeypatch):
    keep_rates(Rates(compute=2e9))

    monkeypatch.setattr(machines, "machine", lambda: "another")

    assert known_rates() is None


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Makes this a machine with GPUs of some kinds."""

    def make(*kinds):
        (tmp_path / "nvidia3").touch()
        for number, kind in enumerate(kinds):
            folder = tmp_path / "gpus" / f"0000:0{number}:00.0"
            folder.mkdir(parents=True)
            (folder / "information").write_text(f"Model: \t\t {kind}\nDevice Minor: \t {number}\n")
        monkeypatch.setattr(machines, "DEVICES", tmp_path)
        monkeypatch.setattr(machines, "CARDS", tmp_path / "gpus")

    return make


def accelerator(monkeypatch, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    return machines.machine().split(", ")[3]


def test_gpus_of_one_kind_are_the_same_machine_whichever_is_used(cards, monkeypatch):
    cards("NVIDIA H100", "NVIDIA H100")

    assert {accelerator(monkeypatch, visible) for visible in ("0", "1")} == {"GPU NVIDIA H100"}
    assert {accelerator(monkeypatch, visible) for visible in ("", "-1")} == {"no GPU"}


def test_gpus_of_several_kinds_are_told_apart_by_which_is_used(cards, monkeypatch):
    cards("NVIDIA T4", "NVIDIA A100")

    assert accelerator(monkeypatch, "1") == "GPU NVIDIA A100 or NVIDIA T4 1"


def test_gpus_whose_driver_tells_nothing_are_gpus(cards, monkeypatch):
    cards()

    assert accelerator(monkeypatch, "0") == "GPU"


def test_machines_without_a_list_of_processors_are_told_apart_too(monkeypatch):
    monkeypatch.setattr(machines.Path, "read_text", lambda *_, **__: (_ for _ in ()).throw(OSError))

    assert len(machines.machine().split(", ")) == 4
