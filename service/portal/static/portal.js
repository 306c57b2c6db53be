// Comfort only: every page works without this file.

/** Code in guides can be copied as that of the reference can. */
for (const block of document.querySelectorAll(".prose pre")) {
  const frame = document.createElement("div");
  const button = document.createElement("button");
  frame.className = "code";
  Object.assign(button, { type: "button", className: "quiet copy", hidden: true, textContent: "Copy" });
  button.dataset.copy = block.textContent.trimEnd();
  block.replaceWith(frame);
  frame.append(block, button);
}

/** Buttons that copy what stands beside them. */
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  const label = button.firstChild;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = "Copied";
    setTimeout(() => (label.textContent = "Copy"), 1600);
  });
}

/** Buttons that print the page. */
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

/** Times in the viewer's own zone, written as everywhere on these pages; UTC stays in the title. */
function localTimes(root) {
  const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
  const form = new Intl.DateTimeFormat("en-GB", parts);
  for (const time of root.querySelectorAll("time[datetime]")) time.textContent = form.format(new Date(time.dateTime));
}
localTimes(document);

/** Selects that are followed by a button to choose: the choice is enough. */
const choose = document.querySelector("button[name=choose]");
const operation = document.querySelector("select#operation");
if (choose && operation) {
  choose.hidden = true;
  operation.addEventListener("change", () => choose.form.requestSubmit(choose));
}

/** Lists that renew themselves while they are looked at and nobody is in them. */
const live = document.querySelector("[data-refresh]:not([data-still])");
if (live) {
  const pause = document.querySelector("button[data-live]");
  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => pause.setAttribute("aria-pressed", String(pause.ariaPressed !== "true")));
  }
  const renew = async () => {
    if (pause?.ariaPressed === "false") return;
    if (document.hidden || live.contains(document.activeElement)) return;
    const answer = await fetch(location.href, { headers: { "x-refresh": "1" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(`[data-refresh="${live.dataset.refresh}"]`);
    if (!fresh) return;
    localTimes(fresh);
    if (fresh.textContent !== live.textContent) live.replaceChildren(...fresh.childNodes);
  };
  setInterval(renew, 3000);
}

/** What waits for somebody else shows the shape of what will come. */
for (const form of document.querySelectorAll("form[data-slow]")) {
  const shape = document.getElementById(form.dataset.slow);
  const turn = (waiting) => {
    shape.hidden = !waiting;
    form.setAttribute("aria-busy", String(waiting));
  };
  form.addEventListener("submit", (event) => turn(event.submitter?.name !== "choose"));
  addEventListener("pageshow", () => turn(false));
}

/** Every page, operation and id by typing: Ctrl or Cmd and K. Fetched when somebody wants it. */
const opener = document.querySelector("button[data-palette]");
if (opener) {
  const open = async () => (await import("./palette.js")).open();
  opener.hidden = false;
  opener.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
}

/** An answer that has come is where one goes on reading. */
document.querySelector("#answer")?.focus();
