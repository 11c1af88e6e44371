// An answer of /api in words: trying again would not change it.

class Said extends Error {
  constructor(status, body) {
    super([body?.error?.message ?? `The app answered ${status}.`, body?.error?.hint].filter(Boolean).join(" "));
    this.status = status;
    this.code = body?.error?.code;
    this.received = body?.received;
  }
}
