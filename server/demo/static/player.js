// The demo's player: one audio element, the buttons that choose what it plays, and the marks that show where it is.
// It counts nothing and does not know the tracker; it only keeps `data-tonearm-track` true to what the element plays.
// What stands on the page may change under it (pages.js): the queue is the list the listener last chose from.

/**
 * @typedef {object} Track
 * @property {string} key
 * @property {string} title
 * @property {string} album
 * @property {string} cover
 * @property {number} seconds
 * @property {string} src
 * @property {string} page
 * @property {string} wave path data of its waveform
 */

/** What the arrow keys move by, in seconds. */
const STEP_SECONDS = 5;

const root = /** @type {HTMLElement} */ (document.querySelector("#player"));
const audio = /** @type {HTMLAudioElement} */ (root && root.querySelector("audio"));

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** @param {string} selector @param {string} text @param {ParentNode} [within] */
const write = (selector, text, within) => all(selector, within).forEach((element) => { element.textContent = text; });

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {Element} element @returns {HTMLElement | null} */
const scopeOf = (element) => element.closest("[data-demo-scope]");

/** @param {HTMLElement} button @returns {Track} */
const trackOf = (button) => ({
  key: button.dataset.demoPlay,
  title: button.dataset.demoTitle,
  album: button.dataset.demoAlbum,
  cover: button.dataset.demoCover,
  seconds: Number(button.dataset.demoSeconds),
  src: button.dataset.demoSrc,
  page: button.dataset.demoPage,
  wave: scopeOf(button)?.querySelector("[data-demo-wave]")?.getAttribute("d") ?? "",
});

const onThisPage = () => ({
  tracks: all("[data-demo-play]").map(trackOf),
  advance: document.querySelector("[data-demo-advance]") !== null,
});

let queue = onThisPage();

const current = () => queue.tracks.findIndex(({ key }) => key === audio.dataset.tonearmTrack);
const currentTrack = () => queue.tracks[current()];
const length = () => (Number.isFinite(audio.duration) ? audio.duration : currentTrack().seconds);
const isSounding = () => !audio.paused && !audio.ended;

/** Something has been played: from then on there is a bar, and leaving the page would end it. */
const isOn = () => "demoOn" in root.dataset;

/** @param {number} index */
function stage(index) {
  const track = queue.tracks[index];
  audio.dataset.tonearmTrack = track.key;
  audio.src = track.src;
  all("[data-demo-error]").forEach((element) => { element.hidden = true; });
  nameIt();
  showPosition();
  showState();
}

function play() {
  if (audio.error) audio.load(); // another try
  root.dataset.demoOn = "";
  root.hidden = false;
  all("[data-demo-error]").forEach((element) => { element.hidden = true; });
  // A refusal (another choice came first, or the browser wants a gesture) shows as "paused"; a broken file as "error".
  audio.play().catch(showState);
  describeToSystem(currentTrack());
}

/** Play or pause what is staged. */
function toggle() {
  if (isSounding()) audio.pause();
  else play();
}

/** The listener chose a track on the page they look at; its list is what "next" means from now on. @param {string} key */
function choose(key) {
  const same = key === audio.dataset.tonearmTrack;
  queue = onThisPage();
  if (same) return toggle();
  stage(queue.tracks.findIndex((track) => track.key === key));
  return play();
}

/** @param {number} step */
function skip(step) {
  const index = current() + step;
  if (index < 0 || index >= queue.tracks.length) return;
  const goesOn = !audio.paused || audio.ended;
  stage(index);
  if (goesOn) play();
}

/** The whole list of this page, from its first track. */
function chooseAll() {
  const keys = onThisPage().tracks.map(({ key }) => key);
  choose(isOn() && keys.includes(audio.dataset.tonearmTrack ?? "") ? audio.dataset.tonearmTrack : keys[0]);
}

/** @param {HTMLInputElement} seek */
function seekBy(seek) {
  const key = scopeOf(seek)?.dataset.demoScope || audio.dataset.tonearmTrack;
  if (key !== audio.dataset.tonearmTrack) {
    const goesOn = isSounding();
    queue = onThisPage();
    stage(queue.tracks.findIndex((track) => track.key === key));
    if (goesOn) play();
  }
  audio.currentTime = Number(seek.value);
  showPosition();
}

function nameIt() {
  const { title, album, page, cover, wave } = currentTrack();
  write("[data-demo-now-title]", title);
  write("[data-demo-now-album]", album);
  all("[data-demo-now-title]").forEach((link) => link.setAttribute("href", page));
  document.querySelector("[data-demo-now-cover]")?.setAttribute("href", `#cover-${cover}`);
  if (root.dataset.demoScope) return; // a frame's player has its waveform from the start
  all("[data-demo-wave]", root).forEach((path) => path.setAttribute("d", wave));
  all(".wave__picture", root).forEach((picture) => picture.classList.toggle("wave__picture--flat", !wave));
}

function showState() {
  const { key, title } = currentTrack();
  const sounding = isSounding();
  // Asked for and not there yet: the element waits for data.
  const state = !sounding ? "paused" : audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA ? "loading" : "playing";
  const mark = (button, own, name) => {
    button.dataset.demoState = own ? state : "paused";
    button.setAttribute("aria-label", `${own && sounding ? "Pause" : "Play"} ${name}`);
  };
  all("[data-demo-play]").forEach((button) => mark(button, button.dataset.demoPlay === key, button.dataset.demoTitle));
  all("[data-demo-toggle]").forEach((button) => mark(button, true, title));
  all("[data-demo-scope]").forEach((scope) => scope.toggleAttribute("data-demo-current", isOn() && scope.dataset.demoScope === key));
  all("[data-demo-previous], [data-demo-next]").forEach((button) => { button.hidden = queue.tracks.length < 2; });
  all("[data-demo-previous]").forEach((button) => { button.disabled = current() === 0; });
  all("[data-demo-next]").forEach((button) => { button.disabled = current() === queue.tracks.length - 1; });
  for (const button of all("[data-demo-all]")) {
    const own = sounding && onThisPage().tracks.some((track) => track.key === key);
    button.dataset.demoState = own ? state : "paused";
    write("[data-demo-all-word]", own ? "Pause" : "Play", button);
  }
  document.documentElement.toggleAttribute("data-demo-sounding", state === "playing");
}

function showPosition() {
  for (const scope of all("[data-demo-scope]")) {
    const own = !scope.dataset.demoScope || scope.dataset.demoScope === audio.dataset.tonearmTrack;
    if (own) showPositionIn(scope, Math.min(audio.currentTime, length()), length());
    else if (scope.style.getPropertyValue("--progress")) showPositionIn(scope, 0, undefined);
  }
}

/** @param {HTMLElement} scope @param {number} position @param {number} [seconds] undefined: as long as it was */
function showPositionIn(scope, position, seconds) {
  scope.style.setProperty("--progress", seconds ? `${(100 * position) / seconds}%` : "0%");
  write("[data-demo-time]", clock(position), scope);
  if (seconds) write("[data-demo-length]", clock(seconds), scope);
  for (const seek of all("[data-demo-seek]", scope)) {
    if (seconds) seek.max = String(seconds);
    seek.value = String(position);
    seek.setAttribute("aria-valuetext", `${clock(position)} of ${clock(Number(seek.max))}`);
  }
}

/** Name and skip buttons on the lock screen and on media keys, where the system has them. @param {Track} track */
function describeToSystem(track) {
  if (!("mediaSession" in navigator) || typeof MediaMetadata === "undefined") return;
  navigator.mediaSession.metadata = new MediaMetadata({ title: track.title, album: track.album, artist: root.dataset.demoArtist });
  const several = queue.tracks.length > 1;
  navigator.mediaSession.setActionHandler("previoustrack", several ? () => skip(-1) : null);
  navigator.mediaSession.setActionHandler("nexttrack", several ? () => skip(1) : null);
}

function failed() {
  all("[data-demo-error]").forEach((element) => {
    const key = scopeOf(element)?.dataset.demoScope;
    element.hidden = Boolean(key) && key !== audio.dataset.tonearmTrack;
  });
  write("[data-demo-announce]", `${currentTrack().title} could not be loaded.`);
  showState();
}

/** Space and the arrows, where they would do nothing better: not on a control, not in a field, and only once something is on. */
function byKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (!isOn() || event.target.closest?.("a, button, input, select, textarea, summary, pre, [popover], [contenteditable]")) return;
  if (event.key === " ") toggle();
  else if (event.key === "ArrowLeft") audio.currentTime = Math.max(0, audio.currentTime - STEP_SECONDS);
  else if (event.key === "ArrowRight") audio.currentTime = Math.min(length(), audio.currentTime + STEP_SECONDS);
  else return;
  event.preventDefault();
}

/** @type {Record<string, (element: HTMLElement) => void>} */
const ON_CLICK = {
  "[data-demo-play]": (button) => choose(button.dataset.demoPlay),
  "[data-demo-all]": chooseAll,
  "[data-demo-toggle]": toggle,
  "[data-demo-previous]": () => skip(-1),
  "[data-demo-next]": () => skip(1),
};

function bindPlayer() {
  document.addEventListener("click", (event) => {
    for (const [selector, act] of Object.entries(ON_CLICK)) {
      const element = event.target.closest(selector);
      if (element) return act(element);
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-demo-seek]")) seekBy(event.target);
  });
  document.addEventListener("keydown", byKey);
  document.addEventListener("demo:page", () => {
    if (!isOn()) queue = onThisPage();
    showState();
    showPosition();
  });
  for (const name of ["play", "pause", "ended", "playing", "waiting", "canplay"]) audio.addEventListener(name, showState);
  for (const name of ["timeupdate", "seeked", "durationchange"]) audio.addEventListener(name, showPosition);
  audio.addEventListener("error", failed);
  audio.addEventListener("ended", () => { if (queue.advance) skip(1); });
  nameIt();
  showState();
  showPosition();
}

if (audio) bindPlayer();
