// What a person sees of an upload, drawn at most a few times a second.

const DRAW_MS = 250;
const NAMED = 3;

class View {
  constructor(hint) {
    this.root = make("section", "zone");
    this.root.dataset.testid = "dropzone";
    this.root.ariaLabel = "Upload files";
    this.files = chooser(false);
    this.folder = chooser(true);
    this.invite = make("div", "invite");
    this.title = make("p", "title", "Drop files or folders here");
    this.hint = make("p", "quiet", hint);
    const buttons = make("div", "buttons");
    buttons.append(button("Choose files", () => this.files.click()), button("Choose a folder", () => this.folder.click()));
    const words = make("div", "words");
    words.append(this.title, this.hint);
    this.invite.append(arrow(), words, buttons);
    this.panel = make("div", "panel");
    this.drawPanel();
    this.trouble = make("p", "trouble");
    this.trouble.role = "alert";
    this.root.append(this.invite, this.panel, this.trouble, this.files, this.folder);
  }

  drawPanel() {
    this.headline = make("strong", "headline");
    this.detail = make("span", "detail quiet");
    this.bar = make("div", "bar");
    this.bar.role = "progressbar";
    this.bar.ariaLabel = "Upload";
    this.bar.ariaValueMin = "0";
    this.bar.ariaValueMax = "100";
    this.fill = make("div", "fill");
    this.bar.append(this.fill);
    this.note = make("p", "note");
    // A reader hears changes of state, not each percent.
    this.note.ariaLive = "polite";
    this.actions = make("div", "buttons");
    const line = make("div", "line");
    line.append(this.headline, this.detail, this.actions);
    this.panel.append(line, this.bar, this.note);
  }

  draw(upload) {
    const { state, totals } = upload;
    const pace = state === "uploading" ? upload.pace.at(totals.bytesThere) : null;
    this.root.dataset.state = state;
    this.root.dataset.uploadId = upload.id;
    this.invite.classList.toggle("small", state !== "empty");
    say(this.title, state === "empty" ? "Drop files or folders here" : "Drop more files or folders here");
    this.panel.hidden = state === "empty";
    this.bar.hidden = state === "done";
    const part = totals.bytes ? totals.bytesThere / totals.bytes : Number(state === "done");
    this.fill.style.width = `${100 * part}%`;
    this.bar.ariaValueNow = String(Math.floor(100 * part));
    this.bar.ariaValueText = `${inWords(totals.bytesThere)} of ${inWords(totals.bytes)}`;
    const isDone = state === "done";
    say(this.headline, isDone ? `${counted(totals.files)}, ${inWords(totals.bytes)}` : this.bar.ariaValueText);
    say(this.detail, isDone ? "uploaded" : details(totals, pace));
    say(this.note, note(upload, state));
    say(this.trouble, upload.trouble);
    this.offer(upload, state);
  }

  // Buttons are made anew only when they change: the focus stays where it is.
  offer(upload, state) {
    const lacking = state === "waiting" && !upload.isDown && upload.lacking.length;
    const wanted = this.isAsking ? "asking" : [state, Boolean(lacking), upload.hasHandles, upload.looking >= 0].join();
    if (wanted === this.offered) return;
    const had = this.actions.contains(this.actions.getRootNode().activeElement);
    this.offered = wanted;
    const ask = (isAsking) => {
      this.isAsking = isAsking;
      this.draw(upload);
    };
    const remove = button(state === "done" ? "Remove" : "Cancel", () => ask(true));
    const shown = [];
    if (this.isAsking) {
      const sure = button("Remove what was uploaded", () => {
        this.isAsking = false;
        upload.cancel();
      });
      sure.classList.add("danger");
      shown.push(button("Keep it", () => ask(false)), sure);
    } else {
      if (state === "uploading" && upload.looking < 0) shown.push(button("Pause", () => upload.pause()));
      if (state === "paused") shown.push(button("Go on", () => upload.resume()));
      if (lacking && upload.hasHandles) shown.push(button("Go on", () => upload.useHandles(true)));
      if (lacking) shown.push(button("Go on without them", () => upload.inTurn(() => upload.leaveOut(upload.lacking))));
      if (state !== "empty") shown.push(remove);
    }
    this.actions.replaceChildren(...shown);
    if (had) shown[0]?.focus();
  }
}

function note(upload, state) {
  if (upload.looking >= 0) return `Looking through the folders: ${counted(upload.looking)} found`;
  if (state === "paused") return "Paused. What has been uploaded stays.";
  if (state !== "waiting") return "";
  if (upload.isDown) return "Winnow does not answer. The upload goes on by itself when it is back.";
  const { lacking } = upload;
  const names = lacking.slice(0, NAMED).map((each) => `“${each.name}”`).join(", ");
  const more = lacking.length > NAMED ? ` and ${(lacking.length - NAMED).toLocaleString("en")} more` : "";
  if (lacking.some((each) => each.isBroken)) return `The browser cannot read ${names}${more}: moved or changed? Drop them again.`;
  if (upload.hasHandles) return `Unfinished: ${names}${more}. Press “Go on” to let the browser read them again.`;
  return `Unfinished: ${names}${more}. Drop or choose the same files or folder again; what is there is not sent twice.`;
}

function details(totals, pace) {
  const words = [`${totals.filesThere.toLocaleString("en")} of ${counted(totals.files)}`];
  if (pace) {
    words.push(`${(pace / 1e6).toFixed(pace < 1e7 ? 1 : 0)} MB/s`);
    words.push(`${timeInWords((totals.bytes - totals.bytesThere) / pace)} left`);
  }
  return words.join(" · ");
}

const counted = (files) => (files === 1 ? "1 file" : `${files.toLocaleString("en")} files`);

function inWords(bytes) {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${["", "KB", "MB", "GB"][power]}`;
}

function timeInWords(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

function chooser(isFolder) {
  const input = make("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = isFolder;
  input.hidden = true;
  input.ariaLabel = isFolder ? "Folder" : "Files";
  return input;
}

function button(words, act) {
  const made = make("button", "", words);
  made.type = "button";
  made.onclick = act;
  return made;
}

function arrow() {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M12 16V4m0 0L7 9m5-5 5 5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3");
  picture.append(path);
  return picture;
}

function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
  element.hidden = !words;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
