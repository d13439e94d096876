"""The cache, with a stand-in for Keras: what it makes is counted, so a hit and a miss are told apart."""

import multiprocessing
import sys
import types

import pytest

from fusion.backbones import skeletons
from fusion.backbones.skeletons import check_arguments, skeleton
from fusion.cache import cache_folder, read_checked
from fusion.errors import BackboneError, InputSizeError
from fusion.skeleton.layers import Layer, Skeleton


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))
    skeletons._skeleton.cache_clear()
    yield tmp_path / "cache" / "skeletons"
    skeletons._skeleton.cache_clear()


@pytest.fixture
def made(monkeypatch):
    """Puts a stand-in in the place of the module that imports Keras, and lists what was asked of it."""
    asked = []

    def dry_build(arch, *, shape, options):
        asked.append((arch, shape, options))
        layers = (Layer("x", "InputLayer", (), shape), Layer("c", "Conv2D", ("x",), shape, params=len(asked)))
        return Skeleton(arch, shape, layers, "c", "0")

    module = types.ModuleType("fusion.backbones.building")
    module.dry_build = dry_build
    monkeypatch.setitem(sys.modules, "fusion.backbones.building", module)
    return asked


def fetch(**changes):
    skeletons._skeleton.cache_clear()
    return skeleton("VGG16", **{"shape": (32, 32, 3), **changes})


def test_the_second_time_nothing_is_made(made):
    first = fetch()
    second = fetch()

    assert first == second
    assert made == [("VGG16", (32, 32, 3), {})]


@pytest.mark.usefixtures("made")
def test_in_one_process_the_file_is_read_once(folder):
    skeleton("VGG16", shape=(32, 32, 3))
    for file in folder.iterdir():
        file.unlink()

    assert skeleton("VGG16", shape=(32, 32, 3)).params == 1


def test_another_shape_option_or_architecture_is_another_entry(made):
    fetch()
    fetch(shape=(64, 64, 3))
    skeleton("MobileNet", shape=(32, 32, 3))
    skeleton("MobileNet", shape=(32, 32, 3), options={"alpha": 0.25})
    skeleton("MobileNet", shape=(32, 32, 3), options={"alpha": 0.5})

    assert len(made) == 5


@pytest.mark.parametrize("package", ["keras", "fusion"])
def test_another_version_of_keras_or_of_this_package_makes_its_own(made, monkeypatch, package):
    fetch()
    installed = skeletons.version
    monkeypatch.setattr(skeletons, "version", lambda name: "99.0" if name == package else installed(name))

    fetch()

    assert len(made) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data.replace(b'"c"', b'"d"'),
        lambda data: b"\xff\xfe" + data,
    ],
    ids=["empty", "half", "one byte short", "one name changed", "no text"],
)
def test_a_damaged_file_is_made_again_and_mended(made, folder, damage):
    fetch()
    (file,) = folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))

    assert fetch().params == 2
    assert fetch().params == 2
    assert len(made) == 2


def test_where_nothing_can_be_written_it_works_all_the_same(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "file" / "below"))

    fetch()
    fetch()

    assert len(made) == 2


@pytest.mark.usefixtures("made")
def test_a_failed_write_leaves_nothing_behind(folder, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)

    fetch()

    assert list(folder.iterdir()) == []


def write_often(path, number):
    for round_ in range(100):
        skeletons._write(path, skeletons.files.to_json(large(number * 1000 + round_)))


def large(number):
    rows = tuple(
        Layer(f"row{i}", "ReLU", (f"row{i - 1}",) if i else (), (8, 8, 3), flops=number) for i in range(300)
    )
    return Skeleton(f"writer {number}", (8, 8, 3), rows, "row299", "0")


@pytest.mark.slow
def test_two_processes_that_write_at_once_leave_a_whole_file(tmp_path):
    path = tmp_path / "entry.json"
    skeletons._write(path, skeletons.files.to_json(large(0)))
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(path, number)) for number in (1, 2)]
    for writer in writers:
        writer.start()

    reads = 0
    while any(writer.is_alive() for writer in writers) or not reads:
        text = read_checked(path)
        assert text is not None
        assert len({layer.flops for layer in skeletons.files.from_json(text).layers}) == 1
        reads += 1
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert list(tmp_path.iterdir()) == [path]


def test_the_folder_is_the_users_cache_unless_named(monkeypatch, tmp_path):
    monkeypatch.delenv("FUSION_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_folder().name == "fusion"


@pytest.mark.parametrize(
    ("arch", "shape", "message"),
    [
        ("InceptionV3", (64, 64, 1), r"InceptionV3 needs at least 75x75x3, got 64x64x1\."),
        ("VGG16", (32, 31, 3), r"VGG16 needs at least 32x32x3, got 32x31x3\."),
        ("VGG16", (None, 16, 3), r"VGG16 needs at least 32x32x3, got \?x16x3\."),
        ("TinyVGG", (15, 28, 1), r"TinyVGG needs at least 16x16x3, got 15x28x1\."),
        (
            "VGG16",
            (224, 224),
            r"VGG16 reads pictures of shape \(height, width, channels\), got \(224, 224\)\.",
        ),
        ("VGG16", (224, 224, None), r"Height and width may be open \(None\), channels not\."),
        ("VGG16", (224, 224, 0), r"got \(224, 224, 0\)"),
    ],
)
def test_an_input_that_cannot_be_is_refused_before_anything_is_made(made, arch, shape, message):
    with pytest.raises(InputSizeError, match=message):
        skeleton(arch, shape=shape)
    assert made == []


def test_an_unknown_architecture_is_refused():
    with pytest.raises(BackboneError, match=r"no architecture 'VGG61'\. Did you mean 'VGG19'\?"):
        skeleton("VGG61", shape=(224, 224, 3))


def test_an_option_that_is_not_there_is_refused():
    with pytest.raises(
        BackboneError, match=r"MobileNet has no option 'alhpa'\. Did you mean 'alpha'\? It has: alpha, depth"
    ):
        check_arguments("MobileNet", shape=(224, 224, 3), options={"alhpa": 0.5})
    with pytest.raises(BackboneError, match=r"VGG16 has no option 'pooling'\. It has: none\."):
        check_arguments("VGG16", shape=(224, 224, 3), options={"pooling": "avg"})
