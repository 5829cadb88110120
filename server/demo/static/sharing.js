// The share popovers: where they open, which ways there are, and what became of a copy, said aloud.
// Copying and counting is the tracker's (`data-tonearm-share`); opening and closing is the browser's (`popovertarget`).

const GAP = 8; // between button and popover, in CSS pixels
const ROOM = 290; // what the largest popover takes, so that it opens upwards where there is less
const SAID = { copied: "Copied.", failed: "Copying failed." };

/** Next to its button, on the page rather than on the window, so that it goes along when the page is scrolled. */
function place(/** @type {HTMLElement} */ menu) {
  const opener = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  if (!opener) return;
  const { top, bottom, right } = opener.getBoundingClientRect();
  const upwards = innerHeight - bottom < ROOM && top > ROOM;
  menu.style.setProperty("--top", `${scrollY + (upwards ? top - GAP : bottom + GAP)}px`);
  menu.style.setProperty("--end", `${scrollX + right}px`);
  menu.classList.toggle("menu--upwards", upwards);
}

/** Sending is offered where the browser can. */
function offerNative() {
  if (typeof navigator.share !== "function") return;
  for (const button of document.querySelectorAll("[data-tonearm-native]")) button.hidden = false;
}

const watcher = new MutationObserver((changes) => {
  const announcer = document.querySelector("[data-demo-announce]");
  for (const { target } of changes) {
    const said = SAID[target.dataset.tonearmState];
    if (said && announcer && !("tonearmNative" in target.dataset)) announcer.textContent = said;
  }
});

// A popover's events do not bubble, but they can be caught on their way down.
document.addEventListener("beforetoggle", (event) => {
  if (event.newState === "open" && event.target.matches(".menu")) place(event.target);
}, { capture: true });
// By script and not by `autofocus`, of which a browser complains in somebody else's page.
document.addEventListener("toggle", (event) => {
  if (event.newState === "open" && event.target.matches(".menu")) event.target.querySelector(".share").focus();
}, { capture: true });
document.addEventListener("demo:page", offerNative);
watcher.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-tonearm-state"] });
offerNative();
