// Counts the parts and the price of a text while it is being written, as the server counts when it is shown again.
"use strict";

(function countParts() {
  const box = document.querySelector("textarea[data-alphabet]");
  const says = document.getElementById("count");
  if (!box || !says) return;
  const alphabet = JSON.parse(box.dataset.alphabet);
  const extended = new Set(alphabet.extended);
  const known = new Set(alphabet.basic + alphabet.extended);
  const swaps = new Map(Object.entries(alphabet.swaps));
  const joiners = ["\u200d", "\ufe0f"];

  function safe(text) {
    const composed = text.normalize("NFC").replaceAll("\r\n", "\n");
    const swapped = Array.from(composed, (mark) => swaps.get(mark) ?? mark).join("");
    if (Array.from(swapped).every((mark) => known.has(mark))) return swapped;
    return Array.from(composed, (mark) => (joiners.includes(mark) ? mark : (swaps.get(mark) ?? mark))).join("");
  }

  function parts(text) {
    const marks = Array.from(text);
    const plain = marks.every((mark) => known.has(mark));
    const [single, several] = plain ? [160, 153] : [70, 67];
    let [total, count, used] = [0, 0, several];
    for (const mark of marks) {
      const width = plain ? (extended.has(mark) ? 2 : 1) : mark.length;
      total += width;
      if (used + width > several) { count += 1; used = 0; }
      used += width;
    }
    return { plain, parts: total <= single ? Math.min(count, 1) : count };
  }

  function tell() {
    const words = box.value.replace(/\s+/g, " ").trim();
    if (!words) { says.textContent = ""; return; }
    const whole = safe(box.dataset.before + words + box.dataset.after);
    const found = parts(whole);
    const people = Number(box.dataset.people);
    const pence = Math.ceil(Math.round(Number(box.dataset.pence) * found.parts * people * 1000) / 1000);
    const left = Number(box.dataset.most) - words.length;
    says.textContent =
      `${found.parts} ${found.parts === 1 ? "part" : "parts"}` +
      `${people ? `, about £${(pence / 100).toFixed(2)}` : " for each person"}. ` +
      (left >= 0 ? `${left} characters left.` : `${-left} characters too many.`) +
      (found.plain ? "" : " A character in it makes the parts shorter: emoji or accents do that.");
  }

  let timer = 0;
  box.addEventListener("input", () => { window.clearTimeout(timer); timer = window.setTimeout(tell, 400); });
  tell();
})();
