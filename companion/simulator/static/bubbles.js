// One text as a bubble: what it says, when, and how far it got.

import { timeOf } from "./clock.js";
import { post } from "./talk.js";

const ticks = document.getElementById("tick-template");
const link = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/g;

function fill(place, body) {
  body.split(link).forEach((part, index) => {
    if (index % 2 === 0) {
      place.append(part);
      return;
    }
    const anchor = document.createElement("a");
    anchor.href = part;
    anchor.textContent = part;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    place.append(anchor);
  });
}

function span(className, words) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = words;
  return element;
}

function progress(text) {
  if (text.mine) return text.reached ? [2, "reached the service"] : [1, "sent, no answer from the service yet"];
  if (text.status === "sent") return [1, "sent"];
  return [2, text.status === "read" ? "read" : "delivered"];
}

function meta(text) {
  const line = document.createElement("p");
  line.className = "meta";
  if (text.canned) line.append(span("note", "Twilio’s own answer"));
  if (text.parts > 1) line.append(span("note", `${text.parts} parts`));
  if (text.media) line.append(span("note", `${text.media} attached`));
  const time = document.createElement("time");
  time.dateTime = text.at;
  time.textContent = timeOf(text.at);
  line.append(time);
  if (!text.lost) {
    const [howMany, words] = progress(text);
    const mark = ticks.content.cloneNode(true);
    mark.querySelector(".ticks").dataset.count = howMany;
    line.append(mark, span(text.mine ? "quiet" : "note", words));
  }
  return line;
}

export function makeBubble(text) {
  const bubble = document.createElement("div");
  bubble.className = `bubble${text.mine ? " mine" : ""}${text.lost ? " lost" : ""}`;
  bubble.dataset.sid = text.sid;
  bubble.dataset.status = text.status;
  const who = span("quiet", text.mine ? "Sent: " : "Received: ");
  const body = document.createElement("p");
  body.className = "text";
  fill(body, text.body);
  if (text.lost) {
    const why = document.createElement("p");
    why.className = "why";
    why.textContent = `Did not arrive. ${text.lost}`;
    bubble.append(why, body, meta(text));
  } else {
    bubble.append(who, body, meta(text));
  }
  return bubble;
}

export function makeTaps(text) {
  const place = document.createElement("div");
  place.className = "taps";
  for (const { title, payload } of text.buttons) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.addEventListener("click", () =>
      post("taps", { number: text.phone, channel: text.channel, sid: text.sid, payload, title }),
    );
    place.append(button);
  }
  return place;
}
