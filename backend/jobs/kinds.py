"""What each kind of job runs, and in which lane. Named as text: the app process must not import the work."""

from db.models import JobKind

# Lane: how many of its jobs run at once. "compute" is the machine's cores or its accelerator.
LANES = {"compute": 1, "files": 2}

LANE_OF = {
    JobKind.IMPORT: "files",
    JobKind.EXPORT: "files",
    JobKind.DOWNLOAD: "files",
    JobKind.LABEL: "files",
    JobKind.EMPTY: "files",
    JobKind.GROUP: "compute",
    JobKind.EMBED: "compute",
    JobKind.SUGGEST: "compute",
    JobKind.TRAIN: "compute",
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
}
