// Keeps Today up to date, tells of news in an episode, warns before the sign-in ends, moves to a form's problems or to
// what was done, and sends a form once when it is pressed twice. Every page works without it.
"use strict";

(function liveToday() {
  const live = document.getElementById("live");
  if (!live) return;
  const bar = document.getElementById("live-bar");
  const status = document.getElementById("live-status");
  const pause = document.getElementById("live-pause");
  let paused = false;
  let timer = 0;
  let shown = null; // the last answer of the server, word for word
  bar.hidden = false;

  const summary = (root) => root.querySelector("[data-summary]").textContent;
  const say = (words) => { if (status.textContent !== words) status.textContent = words; };

  async function refresh() {
    try {
      const answer = await fetch(live.dataset.live, { headers: { "X-Requested-With": "fetch" }, cache: "no-store" });
      if (answer.status === 401) {
        say("You have been signed out because nothing was done for a while. Load the page again to sign in.");
        paused = true;
        pause.hidden = true;
        return;
      }
      if (!answer.ok) throw new Error("status");
      const html = await answer.text();
      if (html === shown) { say("This page keeps itself up to date."); return; }
      const fresh = document.createElement("template");
      fresh.innerHTML = html;
      const before = summary(live);
      const after = summary(fresh.content);
      // Never move what somebody is on: the news is told, and shown once they have left the list.
      if (shown !== null && live.contains(document.activeElement)) {
        say("There is something new, shown when you leave the list. " + (after === before ? "" : after));
        return;
      }
      shown = html;
      live.replaceChildren(fresh.content);
      if (after !== before) say("Now: " + after);
    } catch {
      say("This page cannot reach the service. What you see may be old; it tries again by itself.");
    }
  }

  function next() {
    window.clearTimeout(timer);
    if (!paused) timer = window.setTimeout(() => refresh().then(next), Number(live.dataset.every) * 1000);
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on with updates" : "Pause updates";
    say(paused ? "Updates are paused." : "This page keeps itself up to date.");
    if (paused) window.clearTimeout(timer);
    else refresh().then(next);
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !paused) refresh().then(next); });
  next();
})();

(function tellNews() {
  const news = document.getElementById("news");
  if (!news) return;
  const every = 15000;
  const says = document.getElementById("news-says");
  const link = news.querySelector("a");
  let missed = 0; // how often in a row the service was not reached

  function tell(words, more) {
    news.hidden = !words; // the words come after, so that they are read out; the focus stays where it is
    link.hidden = !more;
    if (says.textContent !== words) says.textContent = words;
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(news.dataset.news, { headers: { "X-Requested-With": "fetch" }, cache: "no-store" });
      if (answer.status >= 500) throw new Error("status");
      missed = 0;
      if (answer.status === 401) {
        window.clearInterval(timer);
        tell("You are signed out, so this page learns of nothing new. Open it again and sign in.", true);
      } else tell(answer.ok ? await answer.text() : "", true);
    } catch {
      missed += 1;
      if (missed > 1) tell("This page cannot reach the service. What you see may be old; it tries again by itself.", false);
    }
  }

  const timer = window.setInterval(look, every);
  document.addEventListener("visibilitychange", look);
  link.addEventListener("click", () => document.dispatchEvent(new Event("leaving")));
})();

(function warnBeforeSignOut() {
  const seconds = Number(document.body.dataset.idleSeconds || 0);
  const warning = document.getElementById("idle");
  if (seconds <= 120 || !warning) return;
  const says = document.getElementById("idle-says");
  const stay = document.getElementById("idle-stay");
  const again = document.getElementById("idle-again");
  let timer = 0;
  let since = 0;

  // By the clock, and not by a timer alone: those stand still while a laptop sleeps.
  function look() {
    window.clearTimeout(timer);
    const left = seconds - (Date.now() - since) / 1000;
    if (left <= 0) {
      warning.hidden = false;
      stay.hidden = true;
      again.hidden = false;
      document.dispatchEvent(new Event("leaving"));
      says.textContent = "You have been signed out. Open this page again and sign in: what you are writing is put back.";
      return;
    }
    if (left <= 120 && warning.hidden) {
      warning.hidden = false; // the words come after, so that they are read out; the focus stays where it is
      says.textContent = "You will be signed out in two minutes because nothing was done here.";
    }
    timer = window.setTimeout(look, Math.max(1, left > 120 ? left - 120 : left) * 1000);
  }

  function wait() {
    since = Date.now();
    look();
  }

  stay.addEventListener("click", async () => {
    try {
      const answer = await fetch(warning.dataset.stay, { cache: "no-store", redirect: "error" });
      if (!answer.ok) throw new Error("status");
      warning.hidden = true;
      says.textContent = "";
      wait();
    } catch {
      says.textContent = "This page cannot reach the service. Copy what you are writing, then load the page again.";
    }
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  wait();
})();

(function goToWhatIsSaid() {
  // What is wrong, or else what was done: so that it is read out, and the keyboard goes on from there.
  const said = document.querySelector("[data-focus]") || document.querySelector("[data-said]");
  if (said) said.focus();
})();

(function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(() => { delete form.dataset.sent; }, 5000); // a page that never came may be asked for again
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
