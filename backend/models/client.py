"""The hub's own client, made to give up in time, and what it and the disk raise as sentences."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend import errors
from backend.models import folders


def answer_s() -> float:
    from huggingface_hub import constants

    return float(constants.HF_HUB_ETAG_TIMEOUT)


@contextmanager
def patience() -> Iterator[None]:
    """An HTTP client that gives up, after the times that huggingface_hub has settings for: its own waits for ever."""
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils import _http, httpx

    def with_limits() -> Any:
        client = _http.default_client_factory()
        client.timeout = httpx.Timeout(constants.HF_HUB_DOWNLOAD_TIMEOUT, connect=answer_s())
        return client

    set_client_factory(with_limits)
    try:
        yield
    finally:
        set_client_factory(_http.default_client_factory)


@contextmanager
def in_words(title: str, instead: str) -> Iterator[None]:
    """Turn what the hub's client and the disk raise into one sentence. instead: what else a person can do."""
    from huggingface_hub import errors as hub
    from huggingface_hub.utils import httpx

    failed = f"{title} could not be fetched"
    hint = f"Check the connection and resume, or {instead}"
    try:
        yield
    except hub.GatedRepoError as error:
        raise errors.Refused(f"{title} needs an agreement on its hub page.", "Agree there and set HF_TOKEN.") from error
    except hub.RepositoryNotFoundError as error:
        raise errors.NotFound(
            f"The hub has no {title} that may be read from here.", "Check the name; for a private one set HF_TOKEN."
        ) from error
    except hub.RevisionNotFoundError as error:
        raise errors.NotFound(f"{title} has no such revision.", "Check what stands behind the @.") from error
    except hub.HfHubHTTPError as error:
        raise _of_status(failed, error.response.status_code, hint) from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise errors.Unavailable(f"{failed}: the hub does not answer in time.", hint) from error
    except (httpx.HTTPError, ConnectionError) as error:
        raise errors.Unavailable(f"{failed}: the hub cannot be reached.", hint) from error
    except ValueError as error:
        # A portal that answers every address with a page of its own.
        raise errors.Unavailable(f"{failed}: what answers there is not a hub.", hint) from error
    except OSError as error:
        raise _of_disk(failed, error) from error


def _of_status(failed: str, status: int, hint: str) -> errors.WinnowError:
    if status == 429:
        return errors.Unavailable(f"{failed}: the hub had too many requests from here.", "Resume in some minutes.")
    if status in (401, 403):
        return errors.Refused(f"{failed}: the hub refuses it ({status}).", "Set HF_TOKEN to a token that may read it.")
    return errors.Unavailable(f"{failed}: the hub answered {status}.", hint)


def _of_disk(failed: str, error: OSError) -> errors.WinnowError:
    cache = folders.hub_cache()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.Unavailable(f"{failed}: the disk of {cache} is full.", "Free some room there and resume.")
    reason = error.strerror or type(error).__name__
    return errors.Unavailable(f"{failed}: {cache} cannot be written ({reason}).", "Start Winnow with another HF_HOME.")
