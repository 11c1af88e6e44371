"""Placing items on a map, held against sklearn; and the job that does it."""

import numpy as np
import pytest

from backend import errors
from backend.inspecting import job, map_file, projecting
from backend.jobs import control
from backend.jobs.progress import Stopped
from db import inspections
from db.session import reading, writing
from tests.inspecting import map_builders
from tests.inspecting.map_builders import a_clustered_project, a_handle, a_job, clusters, ids_of


def test_the_principal_components_are_those_of_sklearn():
    from sklearn.decomposition import PCA

    vectors = clusters(200)
    ours = projecting.principal(vectors, 10)
    theirs = PCA(10, svd_solver="full").fit_transform(vectors.astype(np.float64))
    # Which way an axis points is nobody's to say.
    turned = theirs * np.sign((theirs * ours).sum(axis=0))
    np.testing.assert_allclose(ours, turned, atol=1e-4)


def test_the_same_vectors_give_the_same_components():
    np.testing.assert_array_equal(projecting.principal(clusters(50), 5), projecting.principal(clusters(50), 5))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_items_and_narrow_vectors_have_two_components_all_the_same(count):
    found = projecting.principal(np.ones((count, 1), np.float32), 50)
    np.testing.assert_array_equal(found, np.zeros((count, 2)))


def test_umap_keeps_neighbours_together_and_clusters_apart_and_says_how_far_it_is(home):
    """One job, for UMAP takes many seconds to be compiled."""
    from sklearn.manifold import trustworthiness

    project = a_clustered_project(90)
    handle = a_handle(project)
    said: list[tuple[int, int | None, str]] = []
    report = handle.report

    def listening(done: int, total: int | None = None, message: str = "", *, unit: str = "items") -> None:
        said.append((done, total, unit))
        report(done, total, message, unit=unit)

    handle.report = listening
    job.run(handle)
    places = map_file.read(project, handle.spec["encoder"])
    assert places is not None
    assert places.header["methods"] == ["umap", "pca"]
    assert places.item_ids.tolist() == ids_of(project)
    umap = places.layouts["umap"]
    assert trustworthiness(clusters(90), umap, n_neighbors=10) > 0.8
    cluster = np.arange(90) % map_builders.CENTERS
    apart = np.linalg.norm(umap[:, None] - umap[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (cluster[apart.argmin(axis=1)] == cluster).all()
    assert (said[0][2], said[-1][2]) == ("items", "passes")
    with reading() as session:
        found = inspections.newest(session, project.id, "map")
    assert found is not None
    assert found.result["items"] == 90
    assert found.result["key"] == places.header["key"]


def test_few_items_are_placed_with_pca_alone(home):
    project = a_clustered_project(projecting.FEWEST_FOR_UMAP - 1)
    handle = a_handle(project)
    result = projecting.run(handle, project)
    assert (result["methods"], result["items"]) == (["pca"], 14)


def test_a_project_without_items_says_so(home):
    project = a_clustered_project(0)
    with pytest.raises(errors.Invalid, match="no items to place"):
        projecting.run(a_handle(project), project)


def test_of_very_many_items_a_random_sample_is_placed(home, monkeypatch):
    monkeypatch.setattr(projecting, "MOST", 12)
    project = a_clustered_project(40)
    result = projecting.run(a_handle(project), project)
    assert (result["items"], result["total"], result["is_sample"]) == (12, 40, True)
    places = map_file.read(project, result["encoder"])
    assert places is not None
    # Sorted, and not the first ones.
    assert places.item_ids.tolist() == sorted(places.item_ids.tolist())
    assert places.item_ids.tolist() != ids_of(project)[:12]


def test_while_umap_works_pca_is_there_and_a_stop_is_heard(home, monkeypatch):
    project = a_clustered_project(30)
    running = a_job(project)
    handle = a_handle(project)

    def slow(components, start, passes):
        with writing() as session:
            control.stop(session, running.id)
        while True:
            passes.write("3/200")

    monkeypatch.setattr(projecting, "umap_layout", slow)
    with pytest.raises(Stopped):
        job.run(handle)
    header = map_file.header(project, handle.spec["encoder"])
    assert header is not None
    assert header["methods"] == ["pca"]
    with reading() as session:
        assert inspections.newest(session, project.id, "map") is None


def test_a_stopped_job_is_resumed_and_ends_and_leaves_what_was_there_until_then(home, monkeypatch):
    project = map_builders.with_map(a_clustered_project(30))
    handle = a_handle(project)
    before = map_file.header(project, handle.spec["encoder"])

    def stopped(_components, _start, _passes):
        raise Stopped("best")

    monkeypatch.setattr(projecting, "umap_layout", stopped)
    with pytest.raises(Stopped):
        job.run(handle)
    assert map_file.header(project, handle.spec["encoder"]) == before
    monkeypatch.setattr(projecting, "umap_layout", lambda _components, start, _passes: start)
    job.run(handle)
    after = map_file.header(project, handle.spec["encoder"])
    assert after is not None
    assert after["key"] != before["key"]


def test_an_error_of_umap_is_the_jobs_error(home, monkeypatch):
    def broken(_components, _start, _passes):
        raise MemoryError("no room")

    monkeypatch.setattr(projecting, "umap_layout", broken)
    project = a_clustered_project(30)
    with pytest.raises(MemoryError, match="no room"):
        projecting.run(a_handle(project), project)
