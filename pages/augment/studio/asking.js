// Asks for samples while a slider moves, and for what they do to the class once they stand.

const DAMAGE_AFTER_MS = 600;

// One question at a time: the newest waits its turn, those between are never asked.
class Asking {
  // `shown(answer, question)`, `failed(words, isAway)`, `judged(answer)`, `waits(state)` tell what came.
  constructor(project, heard) {
    this.project = project;
    this.heard = heard;
    this.isBusy = false;
    this.wanted = null;
    this.ended = new AbortController();
  }

  ask(question) {
    this.wanted = question;
    clearTimeout(this.again);
    this.stopJudging();
    if (!this.isBusy) this.pump();
  }

  async pump() {
    this.isBusy = true;
    while (this.wanted && !this.ended.signal.aborted) {
      const question = this.wanted;
      this.wanted = null;
      await this.one(question);
    }
    this.isBusy = false;
  }

  async one(question) {
    try {
      const answer = await call("POST", `/projects/${this.project}/augmentations/preview`, question, this.ended.signal);
      this.heard.shown(answer, question);
      if (!this.wanted) this.judgeSoon(question);
    } catch (error) {
      if (error.name === "AbortError") return;
      const isAway = error instanceof Away;
      this.heard.failed(isAway ? `${AWAY} Trying again …` : inWords(error), isAway);
      if (isAway && !this.wanted) this.again = setTimeout(() => this.ask(question), AGAIN_MS);
    }
  }

  stopJudging() {
    clearTimeout(this.soon);
    this.judging?.abort();
    this.judging = null;
    this.heard.waits("none");
  }

  judgeSoon(question) {
    if (question.run_id === undefined && !question.steps.length) return;
    this.soon = setTimeout(() => this.judge(question), DAMAGE_AFTER_MS);
  }

  async judge(question) {
    const judging = new AbortController();
    this.judging = judging;
    this.heard.waits("waiting");
    try {
      const answer = await call("POST", `/projects/${this.project}/augmentations/damage`, question, judging.signal);
      if (this.judging === judging) this.heard.judged(answer);
    } catch (error) {
      // It is an opinion beside the pictures: no reason to disturb anybody who looks at them.
      if (this.judging === judging) this.heard.judged({ cells: [], transforms: [], note: `Not judged: ${inWords(error)}` });
    }
  }

  end() {
    this.ended.abort();
    this.judging?.abort();
    clearTimeout(this.again);
    clearTimeout(this.soon);
  }
}
