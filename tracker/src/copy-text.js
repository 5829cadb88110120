// Puts a text on the clipboard, also where the page may not use the clipboard interface.

/**
 * @param {() => string} text
 * @returns {Promise<void>} rejects if there is no text, or it is not on the clipboard
 */
export async function copyText(text) {
  const wanted = text();
  if (!wanted) throw 0;
  try {
    await navigator.clipboard.writeText(wanted);
  } catch {
    // No `navigator.clipboard` on plain http; refused in a frame without allow="clipboard-write". The old command works in both.
    const area = document.createElement("textarea");
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    area.value = wanted;
    area.style.cssText = "position:fixed;opacity:0";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    focused?.focus?.({ preventScroll: true });
    if (!copied) throw 0;
  }
}
