"""What each kind of job runs, and in which lane. Named as text: the app process must not import the work."""

from db.models import JobKind

# A job of this lane has devices to itself: as many run at once as there are. See `places`.
COMPUTE = "compute"
# Of the other lanes: how many jobs run at once.
LANES = {"files": 2, "inspect": 1}

LANE_OF = {
    JobKind.IMPORT: "files",
    JobKind.EXPORT: "files",
    JobKind.DOWNLOAD: "files",
    JobKind.LABEL: "files",
    JobKind.EMPTY: "files",
    # Mostly over vectors that are there: it shall not wait for a training of hours.
    JobKind.INSPECT: "inspect",
    JobKind.EVALUATE: COMPUTE,
    JobKind.GROUP: COMPUTE,
    JobKind.EMBED: COMPUTE,
    JobKind.SUGGEST: COMPUTE,
    JobKind.TRAIN: COMPUTE,
}

# Each is called with a backend.jobs.progress.Handle and returns the job's report, a JSON object.
WORK = {
    JobKind.IMPORT: "backend.archives.job:run",
    JobKind.SUGGEST: "backend.suggesting.job:run",
    JobKind.EMBED: "backend.encoding.job:run",
    JobKind.TRAIN: "backend.training.job:run",
    JobKind.DOWNLOAD: "backend.models.fetch:run",
    JobKind.LABEL: "backend.labeling.job:run",
    JobKind.EMPTY: "backend.labeling.emptying:run",
    JobKind.EXPORT: "backend.exporting.hub:run",
    JobKind.GROUP: "backend.grouping.job:run",
    JobKind.EVALUATE: "backend.evaluating.job:run",
    JobKind.INSPECT: "backend.inspecting.job:run",
}
