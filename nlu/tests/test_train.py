"""Rules of training: the name says what a model is made of, and old ones go."""

import os
from pathlib import Path

import train


def copied(tmp_path, text):
    (tmp_path / "data" / "zh").mkdir(parents=True, exist_ok=True)
    (tmp_path / "data" / "zh" / "a.tsv").write_text(text, encoding="utf-8")
    (tmp_path / "config.yml").write_text("x", encoding="utf-8")
    return tmp_path


def test_the_name_follows_data_code_and_settings_and_nothing_else(tmp_path):
    first = train.fingerprint(copied(tmp_path, "one"))
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "figures.json").write_text("{}", encoding="utf-8")
    assert train.fingerprint(tmp_path) == first
    assert train.fingerprint(copied(tmp_path, "two")) != first
    assert train.fingerprint(copied(tmp_path, "one")) == first


def test_two_models_before_the_newest_are_kept(tmp_path):
    paths = [tmp_path / f"{name}.tar.gz" for name in "abcde"]
    for age, path in enumerate(paths):
        path.touch()
        os.utime(path, (1000 + age, 1000 + age))
    train.sweep(tmp_path, paths[0])
    assert sorted(p.name[0] for p in tmp_path.glob("*.tar.gz")) == ["a", "d", "e"]


def test_a_model_is_small_and_nothing_unfinished_is_left(model: Path):
    assert model.stat().st_size < 80e6
    assert list(model.parent.glob(".*")) == []
