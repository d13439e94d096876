import csv

import pytest

from fusion.errors import FileError
from fusion.training.history import Epoch, History, append_csv, draw_curves, kept_places


def epoch(phase, number, **metrics):
    return Epoch(phase, number, 1.0, metrics or {"loss": 1 / number, "val_loss": 1.5 / number})


def test_each_epoch_is_a_line_under_one_head(tmp_path):
    for number in (1, 2):
        append_csv(tmp_path / "h.csv", epoch("head, first", number))

    rows = list(csv.reader((tmp_path / "h.csv").read_text().splitlines()))
    assert rows[0] == ["phase", "epoch", "seconds", "loss", "val_loss"]
    assert rows[2] == ["head, first", "2", "1.00", "0.5", "0.75"]


def test_a_history_that_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(FileError, match=r"cannot be written to .*h.csv: No such file or directory"):
        append_csv(tmp_path / "absent" / "h.csv", epoch("a", 1))


def test_curves_have_a_panel_for_each_metric_and_a_line_for_each_split():
    seen = tuple(epoch("head $x$", n, loss=1.0, val_loss=2.0, accuracy=0.5, val_accuracy=0.4) for n in (1, 2))

    axes = draw_curves(History(seen, {"head $x$": 2})).axes

    assert [each.get_title(loc="left") for each in axes] == ["loss", "accuracy"]
    labels = [line.get_label() for line in axes[0].get_lines()]
    assert labels[0] == "training"
    assert "validation" in labels


def test_the_kept_epochs_are_found_across_phases():
    seen = (epoch("a", 1), epoch("a", 2), epoch("b", 1))

    assert kept_places(History(seen, {"a": 2, "b": 1})) == [2, 3]
