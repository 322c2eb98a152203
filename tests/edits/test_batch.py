"""A batch from its first to its last step, on pictures of a few bytes."""

import pytest
from batches import batch_of, folders, verdict

from imagegate.edits.batch.begin import begin, match
from imagegate.edits.batch.proof import held_back, next_picture, next_pictures, proof
from imagegate.edits.batch.publish import RefusedError, publish, report_flag, rollback
from imagegate.edits.batch.reviews import labels, record_review, undo_review
from imagegate.edits.batch.sample import HIGH_RISK, sample
from imagegate.edits.batch.store import Store
from imagegate.edits.batch.validate import validate
from imagegate.errors import BrokenImageError, SettingsError, UnknownNameError


def test_what_does_not_match_is_named(tmp_path):
    originals, edited = folders(tmp_path, 4)
    (edited / "003.png").rename(edited / "003_edited.png")
    (edited / "stray.png").write_bytes(b"?")
    found = match(originals, edited)
    assert found.missing == ("003.png",)
    assert found.extra == ("003_edited.png", "stray.png")
    assert found.misnamed == {"003_edited.png": "003.png"}


def test_a_batch_begins_once_and_equal_files_are_kept_once(tmp_path):
    originals, edited = folders(tmp_path, 4)
    (edited / "001.png").write_bytes((edited / "000.png").read_bytes())
    given = {"model": "m", "prompt": "p", "who": "ann", "parameters": {"k": "v"}}
    begin(originals, edited, tmp_path / "s", **given)
    assert len([p for p in (tmp_path / "s" / "files").rglob("*") if p.is_file()]) == 7
    assert Store(tmp_path / "s").get("provenance")["parameters"] == {"k": "v"}
    with pytest.raises(SettingsError, match="holds a batch already"):
        begin(originals, edited, tmp_path / "s", **given)


def test_validation_resumes_and_a_broken_file_stops_nothing(tmp_path):
    begin(*folders(tmp_path, 6), tmp_path / "s", model="m", prompt="p", who="ann")
    batch, looked = Store(tmp_path / "s"), []
    batch.path(batch.picture("002.png")["edited"]).write_bytes(b"changed")

    def look(*paths):
        looked.append(paths)
        return verdict(*paths)

    assert validate(batch, who="ann", look=look, jobs=1) == {"pass": 5, "reject": 1}
    assert "was changed" in batch.picture("002.png")["verdict"]
    batch.db.execute("UPDATE pictures SET verdict = NULL WHERE name = '001.png'")
    validate(batch, who="ann", look=look, jobs=1)
    assert len(looked) == 6
    with pytest.raises(BrokenImageError):
        batch.read(batch.picture("002.png")["edited"])


def test_the_plan_is_kept_until_the_bound_is_proven(tmp_path):
    batch = batch_of(tmp_path, 200)
    plan = sample(batch, who="ann", bound=0.05, high=0.1)
    assert (plan.limit, plan.high, plan.sizes[HIGH_RISK]) == (10, 20, 20)
    with pytest.raises(RefusedError, match="not proven"):
        publish(batch, str(tmp_path / "out"), who="ann")
    looks = 0
    while not proof(batch).proven:
        record_review(batch, next_picture(batch, "ann"), "ann", "good")
        looks += 1
    assert looks == plan.looks
    assert proof(batch).to_go == 0
    with pytest.raises(SettingsError, match="reviews have begun"):
        sample(batch, who="ann")


def test_a_bad_one_costs_looks_and_is_held_back(tmp_path):
    batch = batch_of(tmp_path, 100)
    sample(batch, who="ann", bound=0.05, high=0)
    first = next_picture(batch, "ann")
    before = proof(batch).to_go
    record_review(batch, first, "ann", "bad", kind="ghost")
    assert proof(batch).to_go >= before
    assert held_back(batch) == {first: "bad"}
    assert undo_review(batch, "ann") == first
    assert held_back(batch) == {}


def test_reviewers_who_disagree_hold_a_picture_back(tmp_path):
    batch = batch_of(tmp_path)
    sample(batch, who="ann")
    record_review(batch, "001.png", "ann", "good")
    record_review(batch, "001.png", "bob", "bad")
    assert labels(batch) == {"001.png": "disputed"}
    assert next_picture(batch, "eve") == "001.png"
    record_review(batch, "001.png", "bob", "good")
    assert labels(batch) == {"001.png": "good"}
    with pytest.raises(UnknownNameError):
        record_review(batch, "001.png", "ann", "fine")


def test_a_gap_in_the_drawn_order_claims_nothing(tmp_path):
    batch = batch_of(tmp_path, 40)
    sample(batch, who="ann", high=0)
    ordered = next_pictures(batch, "ann")
    for name in (ordered[0], ordered[2]):
        record_review(batch, name, "ann", "good")
    assert sum(one.drawn for one in proof(batch).strata.values()) == 1


def test_stages_grow_flags_halt_and_rollback_gives_the_originals(tmp_path):
    batch, out = batch_of(tmp_path, 20), tmp_path / "out"
    out.mkdir()
    (out / "007.png").write_bytes(b"of somebody else")
    sample(batch, who="ann")
    record_review(batch, "004.png", "ann", "bad")
    done = publish(batch, str(out), who="ann", stage=0.5, override="a trial")
    assert done.published == done.written
    assert 8 <= done.published <= 11
    assert publish(batch, str(out), who="ann", stage=0.5, override="again").written == 0
    report_flag(batch, "001.png", who="shop")
    with pytest.raises(RefusedError, match="flagged"):
        publish(batch, str(out), who="ann")
    done = publish(batch, str(out), who="ann", override="known")
    assert done.foreign == ("007.png",)
    assert done.published == 18
    assert not (out / "004.png").exists()
    rollback(batch, str(out), who="ann", names=["001.png"])
    assert (out / "001.png").read_bytes() == (tmp_path / "originals" / "001.png").read_bytes()
    rollback(batch, str(out), who="ann")
    for path in out.iterdir():
        if path.name != "007.png":
            assert path.read_bytes() == (tmp_path / "originals" / path.name).read_bytes()
    assert (out / "007.png").read_bytes() == b"of somebody else"
    assert [row["what"] for row in batch.rows("SELECT what FROM log")].count("override") == 3


def test_a_batch_is_published_to_a_url(tmp_path):
    import fsspec

    batch = batch_of(tmp_path, 4)
    sample(batch, who="ann")
    publish(batch, "memory://shop", who="ann", override="a trial")
    there = fsspec.filesystem("memory").cat_file("/shop/002.png")
    assert there == (tmp_path / "edited" / "002.png").read_bytes()
    rollback(batch, "memory://shop", who="ann")
    there = fsspec.filesystem("memory").cat_file("/shop/002.png")
    assert there == (tmp_path / "originals" / "002.png").read_bytes()
