// Calls of /api. `Away`: nobody answers, try later.

class Away extends Error {}

const AWAY = "Winnow does not answer.";
const AGAIN_MS = 2000;

async function call(method, path, body, signal) {
  let response;
  let answer = null;
  try {
    response = await fetch(`/api${path}`, {
      method,
      signal,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.status !== 204) answer = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Away(AWAY);
  }
  if (!response.ok) throw new Said(response.status, answer);
  return answer;
}

const MOST_PAGES = 20;

// Every page of a list.
async function listed(path) {
  const items = [];
  let after = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await call("GET", `${path}?limit=100${after}`);
    items.push(...answer.items);
    if (!answer.next) break;
    after = `&after=${encodeURIComponent(answer.next)}`;
  }
  return items;
}

// What went wrong with something that a person asked for, in words.
function inWords(error) {
  if (error instanceof Away) return `${AWAY} Try again.`;
  if (error instanceof Said) return error.message;
  throw error;
}
