// The command palette: every page of the menu, every guide and operation, and whatever an id names, by typing.

const PLACES = { req_: "/log/", key_: "/keys/", con_: "/connections/", firm_: "/firms/", bill_: "/invoices/" };
const KINDS = { guides: "Guide", problems: "Problem" };
const MOST = 12;

let dialog, input, list, known, found = [], at = 0;

/** What the menu shows, and what one does from there. */
function ofMenu() {
  const links = [...document.querySelectorAll("nav[aria-label=Main] a")];
  const pages = links.map((link) => ({ title: link.textContent, path: link.getAttribute("href"), kind: "Page" }));
  const more = { "/keys": ["New API key", "/keys/new"], "/settings": ["Your sign-in", "/settings/security"], "/usage": ["Budgets", "/usage/budgets"] };
  for (const page of [...pages]) if (more[page.path]) pages.push({ title: more[page.path][0], path: more[page.path][1], kind: "Page" });
  return pages;
}

/** Guides and operations, from the list that stands at /llms.txt for all. */
async function ofText() {
  const answer = await fetch("/llms.txt").catch(() => null);
  if (!answer?.ok) return [];
  const lines = (await answer.text()).matchAll(/^- \[(.+?)\]\((\S+?)\.md\):? ?(.*)$/gm);
  return [...lines].map(([, title, address, about]) => {
    const path = new URL(address).pathname;
    return { title, path, about: about.replaceAll("`", ""), kind: KINDS[path.split("/")[1]] ?? "Reference" };
  });
}

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", "Go to");
  dialog.innerHTML = `<input type="text" role="combobox" aria-label="Go to" aria-expanded="true" aria-controls="palette-list"
    aria-autocomplete="list" autocomplete="off" spellcheck="false" placeholder="A page, an operation, an id">
    <ul id="palette-list" role="listbox" aria-label="Places"></ul><p class="soft" role="status"></p>`;
  input = dialog.querySelector("input");
  list = dialog.querySelector("ul");
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      at = (at + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && found[at]) {
      event.preventDefault();
      location.assign(found[at].path);
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
}

/** How well it fits: words that begin with what was typed come before those that hold it; -1 where one is missing. */
function fit(one, words) {
  const text = `${one.title} ${one.about ?? ""} ${one.path}`.toLowerCase();
  let sum = one.kind === "Page" ? 1 : 0;
  for (const word of words) {
    if (!text.includes(word)) return -1;
    sum += one.title.toLowerCase().startsWith(word) ? 4 : one.title.toLowerCase().includes(word) ? 2 : 0;
  }
  return sum;
}

function show() {
  const typed = input.value.trim();
  const place = Object.keys(PLACES).find((prefix) => typed.startsWith(prefix) && typed.length === prefix.length + 26);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  found = place
    ? [{ title: typed, path: PLACES[place] + typed, kind: "Id" }]
    : known.map((one) => [fit(one, words), one]).filter(([sum]) => sum >= 0).sort((a, b) => b[0] - a[0]).slice(0, MOST).map(([, one]) => one);
  at = 0;
  list.replaceChildren(...found.map((one, index) => {
    const item = document.createElement("li");
    item.id = `palette-${index}`;
    item.setAttribute("role", "option");
    const title = document.createElement("span");
    title.textContent = one.title;
    const kind = document.createElement("span");
    kind.className = "soft";
    kind.textContent = one.about && one.kind === "Reference" ? one.about : one.kind;
    item.append(title, kind);
    item.addEventListener("click", () => location.assign(one.path));
    return item;
  }));
  dialog.querySelector("[role=status]").textContent = found.length ? "" : "Nothing is called that.";
  mark();
}

function mark() {
  for (const [index, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(index === at));
  if (found.length) input.setAttribute("aria-activedescendant", `palette-${at}`);
  else input.removeAttribute("aria-activedescendant");
  list.children[at]?.scrollIntoView({ block: "nearest" });
}

/** Opens it, empty. */
export async function open() {
  if (!dialog) build();
  if (dialog.open) return;
  known ??= ofMenu();
  input.value = "";
  show();
  dialog.showModal();
  input.focus();
  if (!known.whole) {
    known = Object.assign([...known, ...(await ofText())], { whole: true });
    show();
  }
}
