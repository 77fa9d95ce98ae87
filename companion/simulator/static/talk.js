// Talking to the stand-in: one state, fetched as changes; server-sent events say when, polling is the fallback.

let epoch = "";
let version = 0;
let fetching = false;
let again = false;

export async function post(path, data) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error || "The stand-in did not accept that.");
  return body;
}

export async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error("The stand-in did not answer.");
  return answer.json();
}

async function refresh(listener) {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    do {
      again = false;
      const state = await ask(`state?since=${version}&epoch=${epoch}`);
      const restarted = state.epoch !== epoch;
      epoch = state.epoch;
      version = state.version;
      listener.change(state, restarted);
    } while (again);
    listener.connected(true);
  } catch {
    listener.connected(false);
  } finally {
    fetching = false;
  }
}

export function listen(listener) {
  const events = new EventSource("events");
  let alive = false;
  events.onmessage = (event) => {
    alive = true;
    const tick = JSON.parse(event.data);
    listener.tick(tick.now);
    if (tick.version !== version) refresh(listener);
  };
  events.onerror = () => {
    alive = false;
  };
  setInterval(() => {
    if (!alive) refresh(listener);
  }, 1000);
  refresh(listener);
}
