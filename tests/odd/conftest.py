import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An odd value may be the name of a file: what is written lands in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
