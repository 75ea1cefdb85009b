/*
 * Progressive: the pages work without it. A form marked data-cognito-confirm-once is sent once, and the button that was
 * pressed says so. A button with data-wait takes no press for so many seconds, which the text beside it counts.
 */
(() => {
  "use strict";
  const busy = new Map();
  const buttonsOf = (form) => form.querySelectorAll("button[type=submit]");

  const restore = (form) => {
    if (!busy.has(form)) return;
    const [pressed, text] = busy.get(form);
    busy.delete(form);
    pressed.textContent = text;
    pressed.removeAttribute("aria-busy");
    buttonsOf(form).forEach((button) => (button.disabled = "wait" in button.dataset));
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-cognito-confirm-once]")) return;
    if (busy.has(form)) {
      event.preventDefault();
      return;
    }
    const pressed = event.submitter || form.querySelector("button[type=submit]");
    busy.set(form, [pressed, pressed.textContent]);
    pressed.textContent = pressed.dataset.busyText || pressed.textContent;
    pressed.setAttribute("aria-busy", "true");
    // After the browser has read from the button where to send the form.
    setTimeout(() => busy.has(form) && buttonsOf(form).forEach((button) => (button.disabled = true)));
    // Longer than the server waits for Cognito: a person who stopped the page from loading can press again.
    setTimeout(restore, 30000, form);
  });

  // The back button brings the page as it was left, with the button out of order.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) [...busy.keys()].forEach(restore);
  });

  const clock = (seconds) =>
    [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
      .slice(seconds < 3600 ? 1 : 0)
      .map((part, place) => (place ? String(part).padStart(2, "0") : part))
      .join(":");

  document.querySelectorAll("button[data-wait]").forEach((button) => {
    const until = Date.now() + button.dataset.wait * 1000;
    const [wait, help] = document.getElementById(button.getAttribute("aria-describedby")).children;

    const end = () => {
      if (!("wait" in button.dataset)) return;
      delete button.dataset.wait;
      button.disabled = busy.has(button.form);
      wait.hidden = true;
      help.hidden = false;
    };

    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left <= 0) return end();
      wait.querySelector("bdi").textContent = clock(left);
      if ("wait" in button.dataset) setTimeout(tick, 250);
    };

    button.disabled = true;
    // Somebody else's name has a clock of its own.
    button.form.addEventListener("input", (event) => event.target.name === "username" && end());
    tick();
  });
})();
