// The drawer that switches faults on and off, for one phone or for all.

import { post } from "./talk.js";

const template = document.getElementById("fault-template");
const withCode = new Set(["undelivered", "failed", "refuse"]);
let count = 0;

export function makeFaults(place, number) {
  place.append(template.content.cloneNode(true));
  const form = place.querySelector("form");
  const error = place.querySelector(".error");
  count += 1;
  for (const name of ["kind", "code", "minutes", "times"]) {
    const field = form.querySelector(`.${name}`);
    field.id = `fault-${count}-${name}`;
    form.querySelector(`.${name}-label`).htmlFor = field.id;
  }
  if (number !== null) form.querySelector(".global-only").remove();
  const kind = form.querySelector(".kind");
  const fit = () => {
    form.querySelector(".code-field").hidden = !withCode.has(kind.value);
    form.querySelector(".minutes-field").hidden = !["receipts_late", "queued"].includes(kind.value);
  };
  kind.addEventListener("change", fit);
  fit();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    try {
      await post("faults", {
        number,
        kind: kind.value,
        code: withCode.has(kind.value) ? form.querySelector(".code").value : "",
        minutes: form.querySelector(".minutes").value,
        times: form.querySelector(".times").value,
      });
    } catch (problem) {
      error.textContent = problem.message;
    }
  });
}

export function showFaults(place, number, faults) {
  const list = place.querySelector(".fault-list");
  const mine = faults.filter((fault) => fault.number === number);
  const signature = JSON.stringify(mine);
  if (list.dataset.shown === signature) return mine.length;
  list.dataset.shown = signature;
  list.replaceChildren(
    ...mine.map((fault) => {
      const item = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = fault.words;
      const lift = document.createElement("button");
      lift.type = "button";
      lift.textContent = "Lift";
      lift.setAttribute("aria-label", `Lift: ${fault.words}`);
      lift.addEventListener("click", () => post("faults/lift", { id: fault.id }));
      item.append(words, lift);
      return item;
    }),
  );
  return mine.length;
}
