// Ids of decisions, so that the same one sent twice counts once.

// crypto.randomUUID is missing where a page is not on loopback and not on https.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
