// Asks the browser to make a passkey or to use one; the server made the options and checks the answer.
"use strict";

(function passkey() {
  const form = document.getElementById("passkey");
  if (!form) return;
  const wait = document.getElementById("passkey-wait");
  const again = document.getElementById("passkey-again");
  const problem = document.getElementById("passkey-problem");

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (mark) => mark.charCodeAt(0));
  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  async function made(options) {
    const user = { ...options.user, id: bytes(options.user.id) };
    const excludeCredentials = known(options.excludeCredentials);
    const found = await navigator.credentials.create({ publicKey: { ...options, user, excludeCredentials } });
    return {
      ...whose(found),
      response: {
        attestationObject: text(found.response.attestationObject),
        clientDataJSON: text(found.response.clientDataJSON),
        transports: found.response.getTransports?.() ?? [],
      },
      extensions: JSON.stringify(found.getClientExtensionResults()),
    };
  }

  async function used(options) {
    const found = await navigator.credentials.get({
      publicKey: { ...options, allowCredentials: known(options.allowCredentials) },
    });
    const handle = found.response.userHandle;
    return {
      ...whose(found),
      response: {
        authenticatorData: text(found.response.authenticatorData),
        clientDataJSON: text(found.response.clientDataJSON),
        signature: text(found.response.signature),
        ...(handle ? { userHandle: text(handle) } : {}),
      },
    };
  }

  const whose = (found) => ({ id: found.id, rawId: text(found.rawId), type: found.type });

  function say(name) {
    for (const each of problem.querySelectorAll("[data-problem]")) each.hidden = true;
    (problem.querySelector(`[data-problem="${name}"]`) || problem.querySelector('[data-problem="other"]')).hidden = false;
    wait.hidden = true;
    problem.hidden = false;
    again.hidden = name === "none" || name === "InvalidStateError"; // it would be the same again
    problem.focus();
  }

  async function ask() {
    wait.hidden = false;
    problem.hidden = again.hidden = true;
    if (!window.PublicKeyCredential) { say("none"); return; }
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    try {
      const answer = await (form.dataset.does === "create" ? made(options) : used(options));
      document.getElementById("credential").value = JSON.stringify(answer);
    } catch (error) {
      say(error.name);
      return;
    }
    form.submit();
  }

  again.addEventListener("click", ask);
  ask();
})();
