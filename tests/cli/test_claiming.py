import json
import shutil


def test_a_sound_comparison_ends_with_0_and_one_that_is_refused_with_3(run, write_run):
    status, said, _ = run("study", "compare", write_run(base=0.0, good=0.2))

    assert status == 0
    assert "'good' is the best of 2 arms by accuracy" in said
    assert "better" in said

    status, said, _ = run("study", "compare", write_run("few", seeds=3, base=0.0, good=0.2))

    assert status == 3
    assert "REFUSED seeds: 3 seeds cannot make" in said
    assert "+0.1933" in said
    assert "not claimed" in said
    assert "Nothing is claimed: 1 gate refuses it (seeds)." in said


def test_seeds_too_few_for_any_claim_have_no_interval_but_in_what_programs_read(run, write_run):
    folder = write_run(seeds=2, base=0.0, good=0.2)

    said = run("study", "compare", folder)[1]
    (row,) = json.loads(run("study", "compare", folder, "--json")[1])["differences"]

    assert "too few seeds" in said
    assert f"{row['low']:+.4f}" not in said


def test_one_seed_is_shown_without_differences(run, write_run):
    status, said, _ = run("study", "compare", write_run(seeds=1, base=0.0, good=0.2))

    assert status == 3
    assert "0.7" in said


def test_two_runs_are_compared_and_more_are_not(run, write_run):
    first, second = write_run("a", base=0.0), write_run("b", other=0.2)

    status, said, _ = run("study", "compare", first, second)

    assert status == 0
    assert "b/other" in said
    assert run("study", "compare", first, second, first)[0] == 2
    assert run("study", "compare", first, "--by", "flop")[0] == 2


def test_arms_left_out_as_the_other_run_has_them_are_said(run, write_run, tmp_path):
    first = write_run("a", base=0.0, good=0.2)
    shutil.copytree(first, tmp_path / "b")

    status, said, _ = run("study", "compare", first, tmp_path / "b")

    assert status == 0
    assert "left out: b/good, the same trials as a/good" in said
    found = json.loads(run("study", "compare", first, tmp_path / "b", "--json")[1])
    assert found["repeated"] == {"b/base": "a/base", "b/good": "a/good"}


def test_a_run_is_not_compared_with_itself(run, write_run):
    folder = write_run("a", base=0.0)

    status, _, err = run("study", "compare", folder, folder / "trials" / "..")

    assert status == 2
    assert "the same folder" in " ".join(err.replace("│", " ").split())


def test_runs_in_folders_of_one_name_are_told_apart_by_their_paths(run, write_run):
    first, second = write_run("a/run", base=0.0), write_run("b/run", other=0.2)

    assert f"{second}/other" in run("study", "compare", first, second)[1].replace("\n", "")


def test_a_comparison_is_written_as_json_too(run, write_run):
    found = json.loads(run("study", "compare", write_run(base=0.0, good=0.2), "--json")[1])

    assert found["best"]["arms"] == ["good"]
    assert found["gates"][0] == {
        "name": "trials",
        "passed": True,
        "text": "All 16 trials ran.",
        "known": True,
    }


def test_a_report_is_written_also_of_what_may_not_be_claimed(run, write_run, tmp_path):
    status, said, _ = run(
        "study", "report", write_run(seeds=3, base=0.0, good=0.2), "-o", tmp_path / "report"
    )

    assert status == 0
    assert "report.html, and beside it report.md" in said
    assert "Nothing is claimed" in (tmp_path / "report" / "report.html").read_text()
