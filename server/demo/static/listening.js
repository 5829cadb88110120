// How far people listen to a track: the three buckets of the public figures as one bar with its numbers.

const BUCKETS = ["partial", "sampled", "complete"];
const EMPTY = "Nobody has listened yet. Three seconds of it make a play.";
const UNREADABLE = "The figures cannot be read just now.";

/** @param {HTMLElement} section */
async function fill(section) {
  const figures = await read(section.dataset.demoListening);
  const plays = figures?.totalPlays ?? 0;
  const words = section.querySelector("[data-demo-words]");
  words.textContent = !figures ? UNREADABLE : plays ? "" : EMPTY;
  words.hidden = plays > 0;
  section.toggleAttribute("data-demo-empty", plays === 0);
  for (const bucket of plays ? BUCKETS : []) show(section, bucket, figures[bucket], plays);
  section.hidden = false;
}

/** @param {string} address */
async function read(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** @param {HTMLElement} section @param {string} bucket @param {number} count @param {number} plays */
function show(section, bucket, count, plays) {
  section.querySelector(`[data-demo-part="${bucket}"]`).style.flexGrow = String(count);
  section.querySelector(`[data-demo-count="${bucket}"]`).textContent = count.toLocaleString("en");
  section.querySelector(`[data-demo-percent="${bucket}"]`).textContent = `${Math.round((100 * count) / plays)}%`;
}

function fillAll() {
  for (const section of document.querySelectorAll("[data-demo-listening]")) void fill(section);
}

document.addEventListener("demo:page", fillAll);
fillAll();
