// Keeps what somebody was writing when they were signed out, and puts it back into its fields once they have signed in:
// in this tab alone, in the same form, for the same person. Nothing is sent by it, and passwords are never kept.
"use strict";

(function giveBack() {
  const NAME = "companion-unsent";
  const LASTS = 12 * 60 * 60 * 1000; // as long as one sign-in at most
  const who = document.body.dataset.who || "";
  const notSent = document.querySelector("[data-unsent]"); // a page that says so: what came before it was not done

  const isWritten = (field) => field.matches("textarea, select, input:not([type=hidden], [type=submit])");
  const target = (form) => new URL(form.getAttribute("action") || location.pathname, location.href).pathname;
  const forget = () => sessionStorage.removeItem(NAME);
  const keep = (kept) => sessionStorage.setItem(NAME, JSON.stringify(kept));

  function read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(NAME));
      return kept && Date.now() - kept.at < LASTS ? kept : null;
    } catch {
      return null; // no storage, or nothing of ours in it
    }
  }

  function taken(form, unsent) {
    if (!who || notSent || form.method !== "post" || form.querySelector("[type=password]")) return;
    const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string");
    try {
      keep({ who, unsent, fields, at: Date.now(), target: target(form) });
    } catch { /* no storage: it is shown to be copied */ }
  }

  function put(form, fields) {
    let found = null;
    for (const field of form.elements) {
      const values = fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.name === "csrf_token" || field.type === "file" || field.type === "submit") continue;
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
      else continue;
      if (isWritten(field) && !found && values.some((value) => value.trim())) found = field;
    }
    return found;
  }

  function back(kept) {
    const form = [...document.forms].find((each) => each.method === "post" && target(each) === kept.target);
    if (!form) return; // another page on the way to it
    forget();
    const found = put(form, kept.fields);
    if (!found) return;
    const note = document.createElement("p");
    const link = document.createElement("a");
    note.className = "note";
    note.tabIndex = -1;
    note.textContent = "What you were writing is back in its field. It was not sent. ";
    link.textContent = "Go to it";
    link.href = "#" + found.id;
    link.addEventListener("click", (event) => { event.preventDefault(); found.focus(); });
    note.append(link);
    document.getElementById("main").prepend(note);
    note.focus();
  }

  const kept = read();
  if (!kept || (who && who !== kept.who)) forget();
  else if (!who || notSent) {
    keep({ ...kept, unsent: true });
    for (const each of document.querySelectorAll("[data-by-hand]")) each.hidden = true;
    for (const each of document.querySelectorAll("[data-by-itself]")) each.hidden = false;
  } else if (!kept.unsent) forget(); // it arrived
  else back(kept);

  document.addEventListener("submit", (event) => taken(event.target, false));
  document.addEventListener("leaving", () => {
    const written = [...document.forms].find((form) =>
      [...form.elements].some((field) => field.matches("textarea") && field.value !== field.defaultValue));
    if (written) taken(written, true);
  });
})();
