// Puts the page together.

import { say, showNext, showNow, timeOf, wireClock } from "./clock.js";
import { makeFaults, showFaults } from "./faults.js";
import { showPhones } from "./phones.js";
import { listen, post } from "./talk.js";

const log = document.getElementById("log");
const everybody = document.getElementById("all-faults");
const lost = "The stand-in does not answer. Is it still running?";
const kinds = {
  accepted: "Accepted", refused: "Refused", inbound: "Text", receipt: "Receipt", alert: "Problem", fault: "Fault", clock: "Clock",
};

function showLog(lines, restarted) {
  if (restarted) log.replaceChildren();
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  for (const line of lines) {
    const row = document.createElement("p");
    row.dataset.kind = line.kind;
    const time = Object.assign(document.createElement("time"), { dateTime: line.at, textContent: timeOf(line.at) });
    const kind = Object.assign(document.createElement("span"), { className: "log-kind", textContent: kinds[line.kind] || line.kind });
    const words = Object.assign(document.createElement("span"), { className: "log-text", textContent: line.text });
    row.append(time, kind, words);
    log.append(row);
  }
  while (log.children.length > 400) log.firstElementChild.remove();
  if (near && lines.length) log.scrollTop = log.scrollHeight;
}

function wireAdd() {
  const form = document.getElementById("add");
  const error = document.getElementById("add-error");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    try {
      const added = await post("phones", { label: form.elements["add-name"].value, number: form.elements["add-number"].value });
      form.reset();
      say(`${added.label} is on the page.`);
    } catch (problem) {
      error.textContent = problem.message;
      form.elements["add-number"].focus();
    }
  });
}

makeFaults(everybody, null);
wireAdd();
wireClock();
listen({
  tick: showNow,
  connected: (yes) => {
    if (!yes) say(lost);
    else if (document.getElementById("notice").textContent === lost) say("");
  },
  change: (state, restarted) => {
    showNow(state.now);
    showPhones(state, restarted);
    showLog(state.log, restarted);
    showFaults(everybody, null, state.faults);
    if (state.texts.length) showNext();
  },
});
