// Puts a text on the clipboard where the page has no clipboard interface (plain http) or may not use it (a frame without
// allow="clipboard-write"). The old command works in both. A file of its own, loaded when it is needed.

/** @param {string} text @returns {boolean} whether it is on the clipboard */
export function copyText(text) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  // Beside an open dialog nothing can be selected; the command would say that it copied all the same.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.activeElement === area && document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return copied;
}
