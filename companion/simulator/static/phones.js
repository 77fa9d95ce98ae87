// The phones: one for each number, each with a thread for SMS and one for WhatsApp.

import { makeBubble, makeTaps } from "./bubbles.js";
import { dayOf, say } from "./clock.js";
import { makeFaults, showFaults } from "./faults.js";
import { post } from "./talk.js";
import { showCall, wireCall } from "./calls.js";

const service = document.body.dataset.service;
const names = { sms: "SMS", whatsapp: "WhatsApp" };
const template = document.getElementById("phone-template");
const room = document.getElementById("phones");
const chips = document.getElementById("chips");
const phones = new Map();

const initials = (label) =>
  label.replace(/[,(].*/, "").replace(/[^\p{L}\p{N} ]/gu, "").split(" ").filter(Boolean).slice(0, 2).map((word) => word[0]).join("").toUpperCase();

function spaced(number) {
  const uk = /^\+44(\d{4})(\d{6})$/.exec(number);
  return uk ? `0${uk[1]} ${uk[2]}` : number;
}

class Phone {
  constructor({ number, label, showing }) {
    this.number = number;
    this.texts = { sms: new Map(), whatsapp: new Map() };
    this.unread = { sms: 0, whatsapp: 0 };
    this.chosen = false;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.id = `phone-${number.replace(/\W/g, "")}`;
    this.element.dataset.phone = number;
    this.find(".owner-number").textContent = spaced(number);
    this.find(".thread-name").textContent = service;
    this.find(".thread-face").textContent = initials(service);
    this.thread = this.find(".thread");
    this.input = this.find("textarea");
    this.input.id = `${this.element.id}-text`;
    this.find(".composer label").htmlFor = this.input.id;
    makeFaults(this.find(".drawer-body"), number);
    this.makeChip();
    this.wire();
    wireCall(this);
    this.rename(label);
    this.show(document.body.dataset[showing] ? showing : document.body.dataset.sms ? "sms" : "whatsapp");
    new IntersectionObserver((entries) => {
      this.visible = entries.at(-1).isIntersecting;
      this.read();
    }).observe(this.thread);
    room.append(this.element);
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  makeChip() {
    this.chip = document.createElement("button");
    this.chip.type = "button";
    this.chip.append(document.createElement("span"));
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.hidden = true;
    this.chip.append(badge);
    this.chip.addEventListener("click", () => {
      this.element.scrollIntoView({ block: "nearest", inline: "center" });
      this.input.focus({ preventScroll: true });
    });
    chips.append(this.chip);
  }

  wire() {
    for (const button of this.element.querySelectorAll("[data-channel]")) {
      button.hidden = !document.body.dataset[button.dataset.channel];
      button.addEventListener("click", () => {
        this.chosen = true;
        this.show(button.dataset.channel);
      });
    }
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.find(".composer").requestSubmit();
      }
    });
    this.input.addEventListener("input", () => this.fit());
    this.find(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  rename(label) {
    this.label = label;
    this.find(".owner-name").textContent = label === this.number ? spaced(label) : label;
    this.find(".face").textContent = initials(label);
    this.find(".switch").setAttribute("aria-label", `What ${label} is looking at`);
    this.chip.firstChild.textContent = label;
  }

  async send() {
    const body = this.input.value;
    if (!body.trim()) return;
    this.input.value = "";
    this.fit();
    this.chosen = true;
    try {
      await post("texts", { number: this.number, channel: this.channel, body });
      say("");
    } catch (error) {
      this.input.value ||= body;
      say(error.message);
    }
  }

  show(channel) {
    this.channel = channel;
    this.element.dataset.showing = channel;
    for (const button of this.element.querySelectorAll(".switch [data-channel]")) {
      button.setAttribute("aria-pressed", String(button.dataset.channel === channel));
    }
    this.find(".thread-channel").textContent = names[channel];
    this.find(".thread-number").textContent = spaced(document.body.dataset[channel]);
    this.thread.setAttribute("aria-label", `${this.label}, ${names[channel]}`);
    this.find(".composer label").textContent = `${this.label} writes, ${names[channel]}`;
    this.input.placeholder = channel === "sms" ? "Text message" : "Message";
    this.render();
    this.read();
  }

  take(text) {
    const known = this.texts[text.channel].size > 0;
    this.texts[text.channel].set(text.sid, text);
    if (!known && !this.chosen && text.channel !== this.channel && !this.texts[this.channel].size) {
      this.show(text.channel);
    }
    this.stale = this.stale || text.channel === this.channel;
  }

  settle() {
    if (this.stale) this.render();
    this.stale = false;
  }

  render() {
    const texts = [...this.texts[this.channel].values()].sort(
      (a, b) => a.at.localeCompare(b.at) || a.place - b.place,
    );
    const parts = [];
    let day = "";
    for (const text of texts) {
      if (dayOf(text.at) !== day) {
        day = dayOf(text.at);
        parts.push([`day ${day}`, () => Object.assign(document.createElement("p"), { className: "day", textContent: day })]);
      }
      parts.push([JSON.stringify(text), () => makeBubble(text)]);
      if (text.buttons.length && !text.mine && !text.lost) parts.push([`taps ${text.sid}`, () => makeTaps(text)]);
    }
    if (!texts.length) {
      const words = `No texts yet. Write to ${service} below.`;
      parts.push(["empty", () => Object.assign(document.createElement("p"), { className: "empty", textContent: words })]);
    }
    const near = this.thread.scrollHeight - this.thread.scrollTop - this.thread.clientHeight < 120;
    const changed = this.patch(parts);
    if (changed && (near || texts.at(-1)?.mine)) this.thread.scrollTop = this.thread.scrollHeight;
  }

  // Keeps what is already there, so that a screen reader hears only what is new.
  patch(parts) {
    let changed = false;
    parts.forEach(([key, make], index) => {
      const there = this.thread.children[index];
      if (there?.dataset.key === key) return;
      const fresh = make();
      fresh.dataset.key = key;
      changed = true;
      if (there) there.replaceWith(fresh);
      else this.thread.append(fresh);
    });
    while (this.thread.children.length > parts.length) {
      this.thread.lastElementChild.remove();
      changed = true;
    }
    return changed;
  }

  count(unread) {
    let total = 0;
    for (const channel of ["sms", "whatsapp"]) {
      const address = channel === "sms" ? this.number : `whatsapp:${this.number}`;
      this.unread[channel] = unread[address] || 0;
      total += this.unread[channel];
      showBadge(this.find(`.switch [data-channel="${channel}"] .badge`), this.unread[channel], "unread");
    }
    showBadge(this.chip.querySelector(".badge"), total, "unread");
    this.read();
  }

  read() {
    if (!this.visible || document.visibilityState !== "visible" || !this.unread[this.channel]) return;
    this.unread[this.channel] = 0;
    post("read", { number: this.number, channel: this.channel }).catch(() => {});
  }
}

function showBadge(badge, count, words) {
  badge.hidden = !count;
  if (badge.textContent === String(count)) return;
  badge.textContent = count;
  badge.setAttribute("title", `${count} ${words}`);
}

export function showPhones(state, restarted) {
  if (restarted) for (const phone of phones.values()) phone.texts = { sms: new Map(), whatsapp: new Map() };
  for (const contact of state.phones) {
    const phone = phones.get(contact.number);
    if (!phone) phones.set(contact.number, new Phone(contact));
    else if (phone.label !== contact.label) phone.rename(contact.label);
  }
  for (const text of state.texts) phones.get(text.phone)?.take(text);
  for (const phone of phones.values()) {
    phone.stale = phone.stale || restarted;
    phone.settle();
    phone.count(state.unread);
    showCall(phone, state.calls.find((call) => call.phone === phone.number));
    const on = showFaults(phone.element, phone.number, state.faults);
    showBadge(phone.find(".drawer > summary .badge"), on, "on");
  }
}

document.addEventListener("visibilitychange", () => {
  for (const phone of phones.values()) phone.read();
});
