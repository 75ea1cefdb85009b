/* Progressive: the pages work without it. A form marked data-cognito-confirm-once is sent once, and its button says so. */
(() => {
  "use strict";
  const busy = new Map();

  const restore = (form) => {
    const button = form.querySelector("button[type=submit]");
    if (!busy.has(form)) return;
    button.textContent = busy.get(form);
    button.disabled = false;
    button.removeAttribute("aria-busy");
    busy.delete(form);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-cognito-confirm-once]")) return;
    if (busy.has(form)) {
      event.preventDefault();
      return;
    }
    const button = form.querySelector("button[type=submit]");
    busy.set(form, button.textContent);
    button.textContent = button.dataset.busyText || button.textContent;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    // Longer than the server waits for Cognito: a person who stopped the page from loading can press again.
    setTimeout(restore, 30000, form);
  });

  // The back button brings the page as it was left, with the button out of order.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) [...busy.keys()].forEach(restore);
  });
})();
