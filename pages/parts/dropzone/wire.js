// Calls of /api/uploads. `Down`: nobody answers, try later.

const STALLED_MS = 60_000;

class Down extends Error {}

async function call(method, path, body) {
  let response;
  let answer = null;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
    if (response.status !== 204) answer = await response.json();
  } catch {
    throw new Down();
  }
  if (response.status >= 500) throw new Down();
  if (!response.ok) throw new Said(response.status, answer);
  return answer;
}

// Fetch does not tell how much has gone out; a request of this older kind does.
function put(path, blob, signal, onSent) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    let stalled = 0;
    const alive = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
    };
    const end = (settle, value) => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
      settle(value);
    };
    const stop = () => request.abort();
    request.open("PUT", `/api${path}`);
    request.upload.onprogress = (event) => {
      alive();
      onSent(event.loaded);
    };
    request.onerror = request.onabort = () => end(fail, new Down());
    request.onload = () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // Somebody else answers at this address.
      }
      if (request.status >= 200 && request.status < 300) end(done, body);
      else end(fail, request.status >= 500 || !body ? new Down() : new Said(request.status, body));
    };
    signal.addEventListener("abort", stop);
    alive();
    request.send(blob);
  });
}
