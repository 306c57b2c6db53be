// Runs samples one after another: a line of JSON in (`code`, `environment`), a line of JSON out (`status`, `error`).

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

let status = null;
const asked = globalThis.fetch;
globalThis.fetch = async (...given) => {
  const answer = await asked(...given);
  status = answer.status;
  return answer;
};
console.log = () => {};

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { code, environment } = JSON.parse(line);
  Object.assign(process.env, environment);
  const file = resolve(`sample-${count++}.mts`);
  let error = null;
  status = null;
  writeFileSync(file, code);
  try {
    await import(pathToFileURL(file));
  } catch (raised) {
    error = String(raised.stack ?? raised);
  }
  process.stdout.write(JSON.stringify({ status, error }) + "\n");
}
