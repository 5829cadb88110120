// The figures of a step in words beneath its picture: for a pointer, a finger and the arrow keys.
// Without this file a browser shows each step's <title> by itself, and the table says the same.

for (const canvas of document.querySelectorAll(".picture__canvas")) {
  const hints = /** @type {NodeListOf<SVGElement>} */ (canvas.querySelectorAll(".hint"));
  const told = canvas.parentElement?.querySelector(".picture__told");
  const name = canvas.querySelector("svg")?.getAttribute("aria-label") ?? "";
  if (told && hints.length) listen(/** @type {HTMLElement} */ (canvas), [...hints], /** @type {HTMLElement} */ (told), name);
}

/**
 * @param {HTMLElement} canvas @param {SVGElement[]} hints a strip over each step @param {HTMLElement} told
 * @param {string} name of the picture
 */
function listen(canvas, hints, told, name) {
  let at = -1;

  /** @param {number} next -1: none */
  function show(next) {
    if (next === at) return;
    hints[at]?.classList.remove("hint--on");
    at = next;
    hints[at]?.classList.add("hint--on");
    told.textContent = hints[at]?.querySelector("title")?.textContent?.replaceAll("\n", " · ") ?? "";
  }

  canvas.tabIndex = 0;
  canvas.setAttribute("role", "group");
  canvas.setAttribute("aria-label", `${name} The left and right arrow keys tell the figures of each step.`);
  canvas.addEventListener("pointermove", (event) => show(hints.indexOf(/** @type {SVGElement} */ (event.target))));
  canvas.addEventListener("pointerdown", (event) => show(hints.indexOf(/** @type {SVGElement} */ (event.target))));
  canvas.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") show(-1); // a finger that is lifted has not gone anywhere
  });
  canvas.addEventListener("blur", () => show(-1));
  canvas.addEventListener("keydown", (event) => {
    const last = hints.length - 1;
    const next = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last, Escape: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
}
