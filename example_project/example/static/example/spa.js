/*
 * A front end of its own, over the JSON that the confirm pages speak: how things stand (GET), the code, a new code.
 * No framework, no build step; what is said to people comes from the server.
 */
(() => {
  "use strict";
  const page = document.getElementById("front-end");
  const [heading, status, alert] = ["h1", "[role=status]", "[role=alert]"].map((part) => page.querySelector(part));
  const resend = page.querySelector("[data-resend]");
  const wait = page.querySelector("#wait");
  let csrfToken = "";

  const ask = async (url, form) => {
    const headers = { Accept: "application/json", ...(form && { "X-CSRFToken": csrfToken }) };
    const body = form && new URLSearchParams(form);
    try {
      const response = await fetch(url, { method: form ? "POST" : "GET", headers, body });
      return { ok: response.ok, ...(await response.json()) };
    } catch {
      return { ok: false, detail: "The site cannot be reached. Please try again." };
    }
  };

  const say = (note, text = "") => {
    note.textContent = text;
    note.hidden = !text;
  };

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  /* The button takes no press for so many seconds, which the text below it counts. */
  let until = 0;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    resend.disabled = left > 0;
    wait.hidden = left <= 0;
    wait.querySelector("bdi").textContent = clock(Math.max(0, left));
    if (left > 0) setTimeout(tick, 250);
  };
  const holdResend = (seconds) => {
    until = Date.now() + seconds * 1000;
    tick();
  };

  const go = (title) => {
    for (const step of page.querySelectorAll("[data-step]")) step.hidden = step.dataset.step !== title;
    heading.textContent = title;
    (page.querySelector("[data-step]:not([hidden]) input") || heading).focus();
  };

  /* Ask the server how things stand, and show the step that fits. */
  const begin = async () => {
    const state = await ask(page.dataset.confirmUrl);
    if (!state.ok) return say(alert, state.detail);
    csrfToken = state.csrf_token;
    const told = { username: state.username, destination: state.delivery ? state.delivery.destination : "you" };
    for (const place of page.querySelectorAll("[data-told]")) place.textContent = told[place.dataset.told];
    page.querySelector("[data-told-url]").href = state.sign_in_url;
    holdResend(state.resend_wait);
    go(state.pending ? "Confirm your account" : state.confirmed ? "Account confirmed" : "Sign up");
  };

  /* Show what was wrong: beside each field, and above for the whole. */
  const refuse = (form, answer) => {
    const { __all__: whole, ...fields } = answer.errors || {};
    for (const input of form.querySelectorAll("input")) {
      const errors = fields[input.name] || [];
      const note = document.getElementById(`${input.id}_error`);
      say(note, errors.map(({ message }) => message).join(" "));
      if (errors.length) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    say(alert, whole ? whole[0].message : answer.errors ? "" : answer.detail);
    (form.querySelector("[aria-invalid]") || form.querySelector("input")).focus();
  };

  const send = async (form, url, data = new FormData(form)) => {
    say(status);
    say(alert);
    const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
    buttons.forEach((button) => (button.disabled = true));
    const answer = await ask(url, data);
    buttons.forEach((button) => (button.disabled = false));
    if (answer.kind === "csrf") await begin(); // with a new token: one more press is enough
    if (!answer.ok) refuse(form, answer);
    return answer;
  };

  const [signUp, confirm] = page.querySelectorAll("form");

  signUp.addEventListener("submit", async (event) => {
    event.preventDefault();
    if ((await send(signUp, page.dataset.signUpUrl)).ok) await begin();
  });

  confirm.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await send(confirm, page.dataset.confirmUrl);
    if (answer.kind !== "csrf") confirm.reset();
    if (answer.signed_in) location.assign(answer.next);
    else if (answer.ok) go("Account confirmed");
  });

  resend.addEventListener("click", async () => {
    const answer = await send(confirm, page.dataset.resendUrl, new FormData());
    if (answer.ok) say(status, answer.detail);
    if (answer.resend_wait || answer.retry_after) holdResend(answer.resend_wait || answer.retry_after);
  });

  for (const input of page.querySelectorAll("input")) {
    const help = input.getAttribute("aria-describedby") || "";
    input.setAttribute("aria-describedby", `${input.id}_error ${help}`.trim());
  }
  begin();
})();
