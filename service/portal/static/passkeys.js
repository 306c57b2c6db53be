// Passkeys: asks for options, has the browser make or use one, and sends the form with what it said.
// Where a browser knows none the forms stay hidden; the password does the same.

const knows = window.PublicKeyCredential
  && PublicKeyCredential.parseCreationOptionsFromJSON
  && PublicKeyCredential.parseRequestOptionsFromJSON;

async function answerOf(form, how = {}) {
  const reply = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!reply.headers.get("content-type")?.startsWith("application/json")) return null; // the server asks something first
  const options = await reply.json();
  const made = form.dataset.passkey === "make"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...how });
  return JSON.stringify(made.toJSON());
}

/** Ends what waits in the list that the browser offers for the address. */
let offer = new AbortController();

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
    offer.abort();
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

// Passkeys stand in that list too: this waits until somebody chooses one there, or goes another way. What it asks with is
// good for some minutes and for one page, so it asks anew with time, and when one comes back from another page.
const offering = document.querySelector("form[data-passkey][data-autofill]");

async function offerAgain() {
  offer.abort();
  offer = new AbortController();
  const { signal } = offer;
  try {
    const answer = await answerOf(offering, { mediation: "conditional", signal });
    if (!answer || signal.aborted) return;
    offering.elements.answer.value = answer;
    offering.submit();
  } catch {
    // nobody chose one
  }
}

if (knows && offering && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
  const unlessBusy = () => document.hidden || offering.querySelector("button").disabled || offerAgain();
  unlessBusy();
  setInterval(unlessBusy, 200_000);
  document.addEventListener("visibilitychange", unlessBusy);
}
