"""The commands on the store, in a store with a whole tensor and an unfinished one."""

import json
import os
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from fusion.cli.app import app
from fusion.errors import StoreError
from fusion.store.entries import find, read
from fusion.store.keys import key
from fusion.store.manifests import MANIFEST, PLAN, ROWS
from fusion.store.shelf import store_folder
from fusion.store.writers import writing
from fusion.wording import dimensions

WHOLE = {
    "tensor": "vgg/block4_pool",
    "backbone": {"name": "VGG16", "weights": "sha256:1"},
    "data": {"name": "pets"},
}
BEGUN = {"tensor": "inc/mixed7 [x]", "backbone": "InceptionV3", "data": {"name": "pets"}}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FUSION_CACHE_BYTES", "1 GiB")
    with writing(store_folder(), WHOLE, shape=(7, 7, 64), rows=30) as writer:
        writer.append(np.zeros((30, 7, 7, 64)))
    with (
        pytest.raises(StoreError, match="3 of 20 rows"),
        writing(store_folder(), BEGUN, shape=(2,), rows=20, dtype="float16") as writer,
    ):
        writer.append(np.ones((3, 2)))
    return store_folder()


def run(*arguments):
    done = CliRunner().invoke(app, ["cache", *map(str, arguments)], env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def damage(folder):
    file = folder / key(WHOLE) / ROWS
    data = bytearray(file.read_bytes())
    data[500] ^= 1
    file.write_bytes(data)


def test_ls_says_what_is_stored_and_how_much_room_it_takes(folder):
    status, out, _ = run("ls")

    assert status == 0
    for text in (
        key(WHOLE)[:8],
        "vgg/block4_pool",
        "VGG16",
        "pets",
        "30",
        f"{dimensions((7, 7, 64))} float32",
        "368 KiB",
        "now",
    ):
        assert text in out
    for text in (key(BEGUN)[:8], "inc/mixed7 [x]", "InceptionV3", "3 of 20", "2 float16", "unfinished"):
        assert text in out
    assert "2 tensors, 368 KiB of 1.0 GiB in" in out


def test_ls_as_json_has_all_that_a_tensor_depends_on():
    found = json.loads(run("ls", "--json")[1])

    assert found["bound"] == 2**30
    whole = next(each for each in found["tensors"] if each["state"] == "stored")
    assert (whole["parts"], whole["shape"], whole["rows"], whole["done"]) == (WHOLE, [7, 7, 64], 30, 30)


def test_ls_of_what_cannot_be_read_and_what_is_being_written(folder):
    (folder / ("0" * 32)).mkdir()
    (folder / ("0" * 32) / "x").write_bytes(b"12345")

    with writing(folder, BEGUN, shape=(2,), rows=20, dtype="float16") as writer:
        _, out, _ = run("ls")
        writer.append(np.ones((17, 2)))

    assert "being written" in out
    assert "unreadable" in out
    odd = next(
        each for each in json.loads(run("ls", "--json")[1])["tensors"] if each["state"] == "unreadable"
    )
    assert (odd["key"], odd["bytes"]) == ("0" * 32, 5)


def test_an_empty_store_is_no_problem(monkeypatch, tmp_path):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "other"))

    assert run("ls")[:2] == (0, f"0 tensors, 0 B of 1.0 GiB in {tmp_path / 'other' / 'store'}\n")
    assert run("clear", "--all")[:2] == (0, "0 tensors removed, 0 B free again\n")
    assert run("verify")[:2] == (0, "0 tensors, 0 B read, 0 damaged\n")


def test_clear_removes_a_tensor_by_the_beginning_of_its_key(folder):
    status, out, _ = run("clear", key(WHOLE)[:5])

    assert status == 0
    assert out == f"removed {key(WHOLE)[:8]} vgg/block4_pool, 368 KiB\n1 tensor removed, 368 KiB free again\n"
    assert find(folder, key(WHOLE)) is None
    assert "1 tensor," in run("ls")[1]


def test_clear_removes_what_was_not_used_for_days(folder):
    for file in (folder / f"{key(BEGUN)}.part").iterdir():
        os.utime(file, (1e9, 1e9))

    _, out, _ = run("clear", "--older-than", "30")

    assert "inc/mixed7 [x]" in out
    assert "1 tensor removed" in out
    assert find(folder, key(WHOLE))


def test_a_store_of_ones_own_is_looked_at_examined_and_cleared(folder, tmp_path):
    own = tmp_path / "own"
    with writing(own, WHOLE, shape=(4,), rows=30) as writer:
        writer.append(np.ones((30, 4)))

    # Numbers of seconds in its list of contents have more digits or fewer.
    assert re.search(
        rf"1 tensor, 9[67]\d B of 1\.0 GiB in {re.escape(str(own))}\n$", run("ls", "--store", own)[1]
    )
    assert json.loads(run("ls", "--json", "--store", own)[1])["folder"] == str(own)
    damage(own)
    assert run("verify", "--store", own)[0] == 1
    assert re.search(r"1 tensor removed, 9[67]\d B free again\n$", run("clear", "--all", "--store", own)[1])
    assert not any(own.glob("[0-9a-f]*"))
    assert find(folder, key(WHOLE))


def test_clear_keeps_what_is_being_read(folder):
    rows = read(find(folder, key(WHOLE)))

    _, out, _ = run("clear", "--all")

    assert f"kept {key(WHOLE)[:8]} vgg/block4_pool: it is being read or written" in out
    assert "1 tensor removed" in out
    assert rows.sum() == 0


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["clear"], "say which"),
        (["clear", "--all", "--older-than", "3"], "say which"),
        (["clear", "zz"], "0 stored tensors have a key that begins with 'zz'"),
        (["clear", ""], "2 stored tensors have a key"),
        (["verify", "zz"], "0 stored tensors"),
        (["ls", "--store", "nowhere"], "'nowhere' does not exist"),
    ],
)
def test_a_wrong_call_ends_with_2(arguments, match):
    status, _, err = run(*arguments)

    assert status == 2
    assert match in " ".join(err.replace("│", " ").split())


def test_verify_ends_with_0_where_all_is_as_it_was_written():
    status, out, _ = run("verify")

    assert (status, out) == (0, "1 tensor, 368 KiB read, 0 damaged; 1 unfinished, examined when continued\n")


def test_verify_ends_with_1_and_says_what_is_damaged(folder):
    damage(folder)

    status, out, _ = run("verify")

    assert status == 1
    assert f"DAMAGED {key(WHOLE)[:8]} vgg/block4_pool: 1 chunk of 1 changed, the first from row 0" in out
    assert run("verify", key(WHOLE)[:6])[0] == 1
    assert run("verify", key(BEGUN)[:6])[0] == 0


def test_verify_finds_a_manifest_that_cannot_be_read(folder):
    (folder / key(WHOLE) / MANIFEST).write_text("{}")

    status, out, _ = run("verify")

    assert status == 1
    assert f"DAMAGED {key(WHOLE)[:8]}: its manifest is not readable" in out


def test_an_unfinished_tensor_without_a_plan_is_damaged(folder):
    (folder / f"{key(BEGUN)}.part" / PLAN).unlink()

    assert run("verify", key(BEGUN))[0] == 1
