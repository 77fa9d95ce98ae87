// The simulated clock: shown in London's time, moved by its buttons.

import { ask, post } from "./talk.js";

const zone = "Europe/London";
const timeFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "long", day: "numeric", month: "long" });
const fullFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
});
const dueFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short" });
const isoDay = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });

export const timeOf = (iso) => timeFormat.format(new Date(iso));
export const dayOf = (iso) => dayFormat.format(new Date(iso));

const notice = document.getElementById("notice");
let busy = false;

export function say(words) {
  if (notice.textContent !== words) notice.textContent = words;
}

export function showNow(iso) {
  const now = new Date(iso);
  document.getElementById("clock").dateTime = iso;
  document.getElementById("clock-time").textContent = timeFormat.format(now);
  document.getElementById("clock-day").textContent = fullFormat.format(now);
  for (const place of document.querySelectorAll(".status-time")) place.textContent = timeFormat.format(now);
}

export async function showNext() {
  const place = document.getElementById("next-what");
  if (!place) return;
  try {
    const thing = await ask("next");
    const words = thing.at
      ? `${dueFormat.format(new Date(thing.at))} ${timeOf(thing.at)}: ${thing.what || "something"}`
      : "Nothing is due.";
    if (place.textContent !== words) place.textContent = words;
  } catch {
    place.textContent = "";
  }
}

async function move(target) {
  if (busy) return;
  busy = true;
  try {
    const { now } = await post("clock", target);
    showNow(now);
    say("");
    showNext();
  } catch (error) {
    say(error.message);
  } finally {
    busy = false;
  }
}

export function wireClock() {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () => move({ advance: Number(button.dataset.advance) }));
  }
  document.getElementById("jump")?.addEventListener("click", () => move({ jump: "next" }));
  const go = document.getElementById("go");
  if (!go) return;
  const drawer = go.closest("details");
  drawer.addEventListener("toggle", () => {
    const now = new Date(document.getElementById("clock").dateTime);
    if (drawer.open) go.elements["go-to"].value = `${isoDay.format(now)}T${timeFormat.format(now)}`;
  });
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    drawer.open = false;
    drawer.querySelector("summary").focus();
  });
  go.addEventListener("submit", async (event) => {
    event.preventDefault();
    await move({ to: go.elements["go-to"].value });
    drawer.open = false;
  });
  setInterval(showNext, 4000);
  showNext();
}
