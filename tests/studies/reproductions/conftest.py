import pytest

from chainrule.studies.reproductions import recipe

MINIATURE = """
title = "A miniature"
minutes = 0.01
assumed = ["nothing of note"]
differs = ["it is small"]

[source]
authors = "Nobody"
year = 2026
title = "A test"
where = "here"

[figure]
measure = "accuracy"
value = 70.0
step = 0.1
chosen = "nothing"

[inputs]
images = 600

[network]
hidden = [8]
activation = "relu"

[training]
loss = "cross_entropy"
batch_size = 20
epochs = 3

[[options]]
epochs = 1
optimizer = "sgd:learning_rate=0.1"

[[options]]
epochs = 1
optimizer = "sgd:learning_rate=0.001"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The shelf of recipes, with one on it, ``miniature``."""
    place = tmp_path / "recipes"
    place.mkdir()
    (place / "miniature.toml").write_text(MINIATURE)
    monkeypatch.setattr(recipe, "FOLDER", place)
    return place


@pytest.fixture
def miniature(folder):
    return recipe.load("miniature")
