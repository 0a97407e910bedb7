// Ask the server again until it answers: a broken connection is not the end of an upload.
const PAUSES = [500, 1000, 2000, 4000, 8000, 15000, 30000];

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Refusal extends Error {}

// Returns the answer, also a 409 that says which byte comes next; throws a Refusal for anything else.
export async function ask(method, url, body, csrf, onBroken = () => {}) {
  const headers = { "X-CSRFToken": csrf, "Content-Type": "application/octet-stream" };
  for (const pause of [...PAUSES, null]) {
    const answer = await fetch(url, { method, body, headers }).catch(() => null);
    const told = (await answer?.json().catch(() => null)) ?? {};
    if (answer?.status === 409) await wait(PAUSES[0]);
    if (answer?.ok || told.offset !== undefined) return told;
    const isFinal = answer && (answer.status < 500 || answer.status === 507);
    if (isFinal) throw new Refusal(told.error ?? `The server answered ${answer.status}.`);
    if (pause === null) break;
    onBroken();
    await wait(pause);
  }
  throw new Refusal("The server cannot be reached. Choose the file again later: it goes on where it stopped.");
}

export async function known(url) {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok ? answer.json() : {};
}

export function bytes(count) {
  if (count < 1e6) return `${Math.ceil(count / 1e3)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}
