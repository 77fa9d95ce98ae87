// A call on a phone: it rings, is answered or not, speaks, and has keys to press.

import { say } from "./clock.js";
import { post } from "./talk.js";

const service = document.body.dataset.service;
const words = {
  ringing: "is calling",
  "in-progress": "on the line",
  completed: "The call is over",
  busy: "You declined, or the line was busy",
  "no-answer": "You did not answer",
  failed: "The call failed",
  canceled: "The caller gave up",
};
const over = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);

export function wireCall(phone) {
  const panel = phone.find(".call");
  panel.setAttribute("aria-label", "Call");
  for (const button of panel.querySelectorAll("[data-call]")) {
    button.addEventListener("click", () => {
      if (button.dataset.call === "close") {
        phone.closed = phone.call?.sid;
        showCall(phone, phone.call);
        phone.input.focus({ preventScroll: true });
      } else act(phone, button.dataset.call, {});
    });
  }
  for (const key of panel.querySelectorAll("[data-key]")) {
    key.addEventListener("click", () => act(phone, "press", { key: key.dataset.key }));
  }
}

async function act(phone, what, data) {
  try {
    await post(`calls/${phone.call.sid}/${what}`, data);
    say("");
  } catch (error) {
    say(error.message);
  }
}

export function showCall(phone, call) {
  const panel = phone.find(".call");
  const shown = call && call.sid !== phone.closed && (call.status !== "queued");
  panel.hidden = !shown;
  phone.element.dataset.call = shown ? call.status : "";
  phone.chip.classList.toggle("rings", Boolean(shown && call.status === "ringing"));
  if (!shown) return;
  const before = phone.call;
  phone.call = call;
  const on = call.status === "in-progress";
  phone.find(".call-from").textContent = service;
  put(phone.find(".call-state"), call.status === "in-progress" && call.keys ? `You pressed ${call.keys}` : words[call.status] || call.status);
  const heard = phone.find(".call-heard");
  const lines = call.heard.join("\n");
  if (heard.dataset.said !== lines) {
    heard.dataset.said = lines;
    heard.replaceChildren(...call.heard.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    heard.scrollTop = heard.scrollHeight;
  }
  phone.find(".call-keys").hidden = !on;
  show(panel, "answer", call.status === "ringing");
  show(panel, "voicemail", call.status === "ringing");
  show(panel, "decline", call.status === "ringing");
  show(panel, "end", on);
  show(panel, "close", over.has(call.status));
  if (call.status === "ringing" && before?.sid !== call.sid) say(`${phone.label}: the phone rings.`);
}

function show(panel, what, yes) {
  panel.querySelector(`[data-call="${what}"]`).hidden = !yes;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
