"""The file of a map: what was written is read, and what is damaged counts as none."""

import numpy as np
import pytest

from backend import projects, suggesting
from backend.inspecting import map_file
from db.models import Project
from db.session import reading, writing
from tests.inspecting.map_builders import a_clustered_project, ids_of, with_map


def encoder_of(project: Project) -> str:
    with reading() as session:
        return suggesting.encoder_of(session, project)


def test_what_was_written_is_read(home):
    project = with_map(a_clustered_project(7))
    found = map_file.read(project, encoder_of(project))
    assert found is not None
    assert found.item_ids.tolist() == ids_of(project)
    assert list(found.layouts) == ["umap", "pca"]
    np.testing.assert_array_equal(found.layouts["umap"], [[n, n % 3] for n in range(7)])
    np.testing.assert_array_equal(found.layouts["pca"], -found.layouts["umap"])
    assert found.header == map_file.header(project, encoder_of(project))
    assert (found.header["items"], found.header["total"]) == (7, 7)


def test_no_file_is_no_map(home):
    project = a_clustered_project(1)
    assert map_file.header(project, encoder_of(project)) is None
    assert map_file.read(project, encoder_of(project)) is None


def test_each_encoder_has_a_map_of_its_own(home):
    project = with_map(a_clustered_project(3))
    assert map_file.header(project, "hub:another") is None


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:9], id="torn in its beginning"),
        pytest.param(lambda data: data[:40], id="torn in its header"),
        pytest.param(lambda data: data[:-1], id="torn at its end"),
        pytest.param(lambda data: data + b"x", id="too long"),
        pytest.param(lambda data: data[:-1] + bytes([data[-1] ^ 1]), id="a bit turned"),
        pytest.param(lambda data: b"other" + data[5:], id="something else"),
        pytest.param(lambda data: data.replace(b'"key"', b'"kex"'), id="a header of another version"),
    ],
)
def test_a_damaged_file_counts_as_none(home, damage):
    project = with_map(a_clustered_project(5))
    path = map_file.path_of(project, encoder_of(project))
    path.write_bytes(damage(path.read_bytes()))
    assert map_file.read(project, encoder_of(project)) is None


def test_the_map_of_a_project_that_is_gone_for_good_goes_too(home):
    kept, gone = (with_map(a_clustered_project(2)) for _ in range(2))
    with writing() as session:
        projects.delete(session, projects.get(session, gone.id))
        map_file.forget_gone(session)
    assert map_file.path_of(gone, encoder_of(kept)).exists()
    with writing() as session:
        projects.empty_bin(session)
        map_file.forget_gone(session)
    assert not map_file.path_of(gone, encoder_of(kept)).exists()
    assert map_file.path_of(kept, encoder_of(kept)).exists()
