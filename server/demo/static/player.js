// The demo's player: one audio element, the buttons that choose what it plays, and the marks that show where it is.
// It counts nothing and does not know the tracker; it only keeps `data-tonearm-track` true to what the element plays.

/**
 * @typedef {object} Track
 * @property {string} key
 * @property {string} title
 * @property {string} album
 * @property {number} seconds
 * @property {string} src
 * @property {string} page
 */

const root = document.querySelector("#player");
const audio = root && root.querySelector("audio");

/** @param {string} selector @returns {HTMLElement[]} */
const all = (selector) => [...document.querySelectorAll(selector)];

/** @param {string} selector @param {string} text */
const write = (selector, text) => all(selector).forEach((element) => { element.textContent = text; });

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {string} sentence */
const announce = (sentence) => write("[data-demo-announce]", sentence);

/** @param {HTMLElement} button @returns {Track} */
const trackOf = ({ dataset }) => ({
  key: dataset.demoPlay,
  title: dataset.demoTitle,
  album: dataset.demoAlbum,
  seconds: Number(dataset.demoSeconds),
  src: dataset.demoSrc,
  page: dataset.demoPage,
});

const queue = all("[data-demo-play]").map(trackOf);
const current = () => queue.findIndex(({ key }) => key === audio.dataset.tonearmTrack);
const length = () => (Number.isFinite(audio.duration) ? audio.duration : queue[current()].seconds);

/** @param {number} index */
function stage(index) {
  const track = queue[index];
  audio.dataset.tonearmTrack = track.key;
  audio.src = track.src;
  write("[data-demo-now-title]", track.title);
  all("[data-demo-now-title]").forEach((link) => link.setAttribute("href", track.page));
  all("[data-demo-error]").forEach((element) => { element.hidden = true; });
  showPosition();
  showState();
}

function play() {
  // A refusal (another choice came first, or the browser wants a gesture) shows as "paused"; a broken file as "error".
  audio.play().catch(() => showState());
  describeToSystem(queue[current()]);
}

/** @param {number} index */
function choose(index) {
  if (index !== current()) stage(index);
  else if (!audio.paused) return audio.pause();
  return play();
}

/** @param {number} step */
function skip(step) {
  const index = current() + step;
  if (index < 0 || index >= queue.length) return;
  const sounding = !audio.paused || audio.ended;
  stage(index);
  if (sounding) play();
}

function showState() {
  const { key, title } = queue[current()];
  const playing = !audio.paused && !audio.ended;
  const mark = (button, own, name) => {
    button.dataset.demoState = own && playing ? "playing" : "paused";
    button.setAttribute("aria-label", `${own && playing ? "Pause" : "Play"} ${name}`);
  };
  all("[data-demo-play]").forEach((button) => mark(button, button.dataset.demoPlay === key, button.dataset.demoTitle));
  all("[data-demo-toggle]").forEach((button) => mark(button, true, title));
  all("[data-demo-row]").forEach((row) => row.toggleAttribute("data-demo-current", row.dataset.demoRow === key));
  all("[data-demo-previous]").forEach((button) => { button.disabled = current() === 0; });
  all("[data-demo-next]").forEach((button) => { button.disabled = current() === queue.length - 1; });
}

function showPosition() {
  const seconds = length();
  const position = Math.min(audio.currentTime, seconds);
  write("[data-demo-time]", clock(position));
  write("[data-demo-length]", clock(seconds));
  for (const seek of all("[data-demo-seek]")) {
    seek.max = String(seconds);
    seek.value = String(position);
    seek.setAttribute("aria-valuetext", `${clock(position)} of ${clock(seconds)}`);
    seek.parentElement.style.setProperty("--progress", `${seconds ? (100 * position) / seconds : 0}%`);
  }
}

/** Name and skip buttons on the lock screen and on media keys, where the system has them. @param {Track} track */
function describeToSystem(track) {
  if (!("mediaSession" in navigator) || typeof MediaMetadata === "undefined") return;
  navigator.mediaSession.metadata = new MediaMetadata({ title: track.title, album: track.album, artist: root.dataset.demoArtist });
  if (queue.length < 2) return;
  navigator.mediaSession.setActionHandler("previoustrack", () => skip(-1));
  navigator.mediaSession.setActionHandler("nexttrack", () => skip(1));
}

function failed() {
  all("[data-demo-error]").forEach((element) => { element.hidden = false; });
  announce(`${queue[current()].title} could not be loaded.`);
  showState();
}

function bindPlayer() {
  all("[data-demo-play]").forEach((button, index) => button.addEventListener("click", () => choose(index)));
  all("[data-demo-toggle]").forEach((button) => button.addEventListener("click", () => choose(current())));
  all("[data-demo-previous]").forEach((button) => button.addEventListener("click", () => skip(-1)));
  all("[data-demo-next]").forEach((button) => button.addEventListener("click", () => skip(1)));
  all("[data-demo-seek]").forEach((seek) => seek.addEventListener("input", () => {
    audio.currentTime = Number(seek.value);
    showPosition();
  }));
  for (const name of ["play", "pause", "ended", "playing"]) audio.addEventListener(name, showState);
  for (const name of ["timeupdate", "seeked", "durationchange"]) audio.addEventListener(name, showPosition);
  audio.addEventListener("error", failed);
  if ("demoAdvance" in root.dataset) audio.addEventListener("ended", () => skip(1));
  showState();
  showPosition();
}

/** What a copy button shows to the eye, said to a screen reader. */
function bindShareAnswers() {
  const said = { copied: "Copied.", failed: "Copying failed." };
  const watcher = new MutationObserver((changes) => {
    for (const { target } of changes) if (target.dataset.tonearmState) announce(said[target.dataset.tonearmState] ?? "");
  });
  for (const button of all("[data-tonearm-share]")) {
    watcher.observe(button, { attributes: true, attributeFilter: ["data-tonearm-state"] });
  }
}

if (audio) bindPlayer();
bindShareAnswers();
