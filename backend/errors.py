"""The errors that a person can meet.

    WinnowError                 what happened, and a hint at what to do
    ├── NotFound                the thing named is not there                        404
    ├── Invalid                 the request does not make sense as it stands        422
    │   ├── BadFile             a file or row cannot be read
    │   ├── TooFewLabels        not enough labels for what was asked
    │   └── BadSpec             a run's settings cannot work
    │       └── NotANumber      a training fell apart
    ├── Conflict                it fits the words but not the present state         409
    │   └── NameTaken
    ├── ModelNotHere            the model named is not on this machine              409
    ├── Refused                 a foreign host or origin, or no token               403
    ├── Unavailable             a part of Winnow does not answer just now           503
    ├── OutOfMemory             the machine has not enough memory for what was asked 507
    └── DiskFull                the disk has no room left for what was asked        507

Pages and API turn these into words in one place each. Everything else is a bug and keeps its traceback.
"""


class WinnowError(Exception):
    """Something a person can understand and mend. `code` is stable; scripts may rely on it."""

    code = "error"
    status = 400

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "hint": self.hint}


class NotFound(WinnowError):
    code, status = "not_found", 404


class Invalid(WinnowError):
    code, status = "invalid", 422


class BadFile(Invalid):
    code = "bad_file"


class TooFewLabels(Invalid):
    code = "too_few_labels"


class BadSpec(Invalid):
    code = "bad_spec"


class NotANumber(BadSpec):
    code = "not_a_number"


class Conflict(WinnowError):
    code, status = "conflict", 409


class NameTaken(Conflict):
    code = "name_taken"


class ModelNotHere(WinnowError):
    code, status = "model_not_here", 409


class Refused(WinnowError):
    code, status = "refused", 403


class Unavailable(WinnowError):
    code, status = "unavailable", 503


class OutOfMemory(WinnowError):
    code, status = "memory", 507


class DiskFull(WinnowError):
    code, status = "disk_full", 507
