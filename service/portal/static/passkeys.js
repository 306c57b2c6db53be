// Passkeys: asks for options, has the browser make or use one, and sends the form with what it said.
// Where a browser knows none the forms stay hidden; the password does the same.

const knows = window.PublicKeyCredential
  && PublicKeyCredential.parseCreationOptionsFromJSON
  && PublicKeyCredential.parseRequestOptionsFromJSON;

async function answerOf(form) {
  const reply = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!reply.headers.get("content-type")?.startsWith("application/json")) return null; // the server asks something first
  const options = await reply.json();
  const made = form.dataset.passkey === "make"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(made.toJSON());
}

function say(form, text) {
  const place = form.querySelector("[role=alert]");
  place.textContent = text;
  place.hidden = !text;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!knows) break;
  for (const shown of document.querySelectorAll("[data-without-passkeys]")) shown.hidden = true;
  for (const shown of document.querySelectorAll("[data-with-passkeys]")) shown.hidden = false;
  form.hidden = false;
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(form, "");
    button.disabled = true;
    try {
      form.elements.answer.value = (await answerOf(form)) ?? "";
      form.submit();
    } catch (error) {
      button.disabled = false;
      const known = error.name === "InvalidStateError";
      say(form, known ? "This device has a passkey for this account already." : form.dataset.failed);
    }
  });
}
