// Links within the site, while something is on: the page changes, the player stays, the music goes on.
// Where nothing is on, or anything is unusual, the browser does it alone.

const player = /** @type {HTMLElement | null} */ (document.querySelector("#player"));
const parser = new DOMParser();
let latest = 0; // of the pages asked for; an answer that has been overtaken is dropped

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const address = new URL(link.href);
  if (!player || player.hidden || link.target || address.origin !== location.origin) return;
  if (address.pathname === location.pathname && address.hash) return; // a place on this page
  event.preventDefault();
  void show(address, () => {
    history.replaceState({ scrollY }, "");
    history.pushState({ scrollY: 0 }, "", address);
  });
});

addEventListener("popstate", (event) => {
  if (player) void show(new URL(location.href), () => {}, event.state?.scrollY);
});

/** @param {URL} address @param {() => void} remember writes the history @param {number} [to] where to scroll */
async function show(address, remember, to) {
  const number = ++latest;
  const page = await read(address);
  if (number !== latest) return;
  const main = page?.querySelector("main#main");
  if (!page || !main) return location.assign(address);
  remember();
  main.querySelectorAll("noscript").forEach((element) => element.remove()); // read without scripts, it came as elements
  document.title = page.title;
  document.body.className = page.body.className;
  document.querySelector("main")?.replaceWith(main);
  document.dispatchEvent(new Event("demo:page"));
  arriveAt(main, address.hash, to ?? 0);
}

/** @param {URL} address @returns {Promise<Document | undefined>} undefined: nothing that could be shown here */
async function read(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/html")) return undefined;
    return parser.parseFromString(await answer.text(), "text/html");
  } catch {
    return undefined;
  }
}

/** As after a load: the place that was asked for, and the reading begins there. @param {HTMLElement} main @param {string} hash @param {number} scrollY */
function arriveAt(main, hash, scrollY) {
  const place = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  main.focus({ preventScroll: true });
  if (place) place.scrollIntoView({ behavior: "instant" });
  else scrollTo({ top: scrollY, behavior: "instant" });
  const announcer = document.querySelector("[data-demo-announce]");
  if (announcer) announcer.textContent = document.title;
}
