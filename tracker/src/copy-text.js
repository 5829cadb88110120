// Puts a text on the clipboard, also where the page may not use the clipboard interface.

/**
 * @param {string} text
 * @returns {Promise<void>} rejects if the text is not on the clipboard
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No `navigator.clipboard` on plain http; refused in a frame without allow="clipboard-write". The old command works in both.
    copyBySelection(text);
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  if (!copied) throw new Error("The browser refused to copy.");
}
