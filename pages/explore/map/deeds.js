// What is done with the selected items: a class for all of them, their suggestions accepted, the last of this undone.
// Each goes to the server as a person's decision with an id of its own, in parts as large as it takes.

const MOST_AT_ONCE = 10000;
const LOOK_EVERY_MS = 500;

class Deeds {
  constructor(map) {
    this.map = map;
    this.path = `/api/projects/${map.project.id}`;
    // Of each deed of this page the event ids of its parts, which an undo takes back together; newest last.
    this.done = [];
  }

  // How many of the items have a label; null when that cannot be said.
  async labeled(ids, signal) {
    let count = 0;
    for (const some of parts(ids)) {
      const body = { item_ids: some, class_ids: [], event_id: newId() };
      count += (await ask(`${this.path}/labels/bulk?dry_run=true`, body, signal)).labeled;
    }
    return count;
  }

  async label(ids, classIds) {
    return this.send(ids, (some) => [`${this.path}/labels/bulk`, { item_ids: some, class_ids: classIds }]);
  }

  async accept(ids) {
    return this.send(ids, (some) => [`${this.path}/map/accept`, { item_ids: some }]);
  }

  // {changed, left}: of all the parts together.
  async send(ids, request) {
    const { annotator } = this.map.project;
    const told = { changed: 0, left: 0 };
    const eventIds = [];
    try {
      for (const some of parts(ids)) {
        const [path, body] = request(some);
        const eventId = newId();
        const answer = await ask(path, { ...body, annotator, event_id: eventId });
        eventIds.push(eventId);
        told.changed += (answer.job_id ? await this.finished(answer.job_id) : answer).changed;
        told.left += answer.left_out ?? 0;
      }
    } finally {
      if (eventIds.length) this.done.push(eventIds);
    }
    return told;
  }

  async finished(jobId) {
    for (;;) {
      const job = await ask(`/api/jobs/${jobId}`);
      if (job.state === "done") return job.report;
      if (!["queued", "running", "stopping"].includes(job.state)) {
        throw new Said(0, { error: job.error ?? { message: `The job ${job.state === "stopped" ? "was stopped" : "did not end"}.`, hint: "See it on the Label page." } });
      }
      this.map.panel.say(`Labeling: ${number(job.done)} of ${number(job.total ?? 0)} items …`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  // How many items are as they were before. What was decided elsewhere stays.
  async undo() {
    const { annotator } = this.map.project;
    const eventIds = this.done.pop() ?? [];
    let changed = 0;
    try {
      while (eventIds.length) {
        const only = eventIds.at(-1);
        // The same id at each try: an answer may be lost on its way.
        changed += (await ask(`${this.path}/labels/undo`, { annotator, only, event_id: `undo-${only}` })).changed;
        eventIds.pop();
      }
    } finally {
      // What it did not come to is undone by the next one.
      if (eventIds.length) this.done.push(eventIds);
    }
    return changed;
  }

  // The order of the label page that goes through these items.
  async worklist(ids, name) {
    const answer = await ask(`${this.path}/worklists`, { name, item_ids: ids });
    return answer.order ?? `list:${answer.id}`;
  }
}

function parts(ids) {
  const found = [];
  for (let from = 0; from < ids.length; from += MOST_AT_ONCE) found.push(ids.slice(from, from + MOST_AT_ONCE));
  return found;
}
