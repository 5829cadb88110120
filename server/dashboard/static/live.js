// The live page, live: the last hour from the service's memory, and plays and shares as they come in.
// Without this file the page is a snapshot that says how to reload.

/**
 * @typedef {{plays: number, partial: number, sampled: number, complete: number, viaLink: number, viaEmbed: number,
 *   sharesLink: number, sharesEmbed: number}} Sums
 * @typedef {Sums & {kind: string, key: string, title: string | null}} Target
 * @typedef {{minute: string, total: Sums, minutes: Sums[], targets: Target[]}} Hour
 * @typedef {{key: string | null, title: string | null, bucket: string, via: string | null, plays: number}} Play
 * @typedef {{kind: string, key: string | null, title: string | null, channel: string, shares: number}} Share
 * @typedef {{minute: string, plays: Play[], shares: Share[]}} Counted
 */

const MOST_SHOWN = 40;
const ALOUD_EVERY_MS = 30_000; // a screen reader hears a sum now and then, not each play
const BUCKETS = /** @type {const} */ (["complete", "sampled", "partial"]);
/** @type {Record<string, string>} */
const HOW = { partial: "left early", sampled: "played in part", complete: "played to the end" };

const root = /** @type {HTMLElement} */ (document.querySelector(".live"));
/** @param {string} selector @returns {HTMLElement} */
const part = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
const numbers = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: root.dataset.zone, hour: "2-digit", minute: "2-digit" });
const coming = part(".coming");
const pause = part(".live__pause");

/** @type {Hour | null} */
let hour = null;
let paused = false;
let missed = 0;
let aloud = { plays: 0, shares: 0 };

function start() {
  const source = new EventSource(root.dataset.stream ?? "");
  source.addEventListener("hour", (event) => {
    hour = JSON.parse(event.data);
    say("on", "Live");
    show();
  });
  source.addEventListener("counted", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => say("lost", "The connection is lost; trying again."));
  addEventListener("pagehide", () => source.close());
  part(".live__coming").hidden = false;
  pause.hidden = false;
  pause.addEventListener("click", toggle);
  setInterval(speak, ALOUD_EVERY_MS);
}

/** @param {"on" | "lost"} state @param {string} words */
function say(state, words) {
  root.classList.toggle("live--on", state === "on" && !paused);
  root.classList.toggle("live--lost", state === "lost");
  part(".live__said").textContent = paused && state === "on" ? "Paused" : words;
}

function toggle() {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Go on" : "Pause";
  say("on", "Live");
  if (!paused) {
    if (missed) list("", `${numbers.format(missed)} more while this was paused`, "", 0);
    missed = 0;
    show();
  }
}

/** @param {Counted} counted */
function take(counted) {
  for (const play of counted.plays) {
    aloud.plays += play.plays;
    if (hour) add(hour, play, counted.minute);
    come(counted.minute, play, `${HOW[play.bucket]}${play.via ? `, through a copied ${play.via}` : ""}`, play.plays);
  }
  for (const share of counted.shares) {
    aloud.shares += share.shares;
    if (hour) hour.total[share.channel === "link" ? "sharesLink" : "sharesEmbed"] += share.shares;
    come(counted.minute, share, share.channel === "link" ? "link copied" : "embed copied", share.shares);
  }
  show();
}

/** @param {Hour} into @param {Play} play @param {string} minute */
function add(into, play, minute) {
  const bucket = /** @type {"partial" | "sampled" | "complete"} */ (play.bucket);
  const back = Math.round((Date.parse(into.minute) - Date.parse(minute)) / 60_000);
  const at = into.minutes[into.minutes.length - 1 - Math.max(0, back)];
  let target = into.targets.find((one) => one.kind === "track" && one.key === play.key);
  if (!target && play.key !== null) {
    target = { ...empty(), kind: "track", key: play.key, title: play.title };
    into.targets.push(target);
  }
  for (const sums of [into.total, at, target]) {
    if (!sums) continue;
    sums.plays += play.plays;
    sums[bucket] += play.plays;
    if (play.via) sums[play.via === "link" ? "viaLink" : "viaEmbed"] += play.plays;
  }
}

/** @returns {Sums} */
function empty() {
  return { plays: 0, partial: 0, sampled: 0, complete: 0, viaLink: 0, viaEmbed: 0, sharesLink: 0, sharesEmbed: 0 };
}

/** @param {string} minute @param {Play | Share} one @param {string} how @param {number} times */
function come(minute, one, how, times) {
  if (paused) missed += times;
  else list(clock.format(new Date(minute)), one.title ?? one.key ?? "Further tracks", how, times);
}

/** @param {string} at @param {string} title @param {string} how @param {number} times */
function list(at, title, how, times) {
  part(".live__quiet").hidden = true;
  const line = document.createElement("li");
  line.append(
    word("coming__at", at),
    word("coming__title", title),
    word("coming__times", times > 1 ? `×\u00a0${numbers.format(times)}` : ""),
    word("coming__how", how),
  );
  coming.prepend(line);
  while (coming.children.length > MOST_SHOWN) coming.lastElementChild?.remove();
}

/** @param {string} name @param {string} text */
function word(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function show() {
  if (paused || !hour) return;
  const { total, minutes, targets } = hour;
  roll(total.plays);
  figure("rate", rate(total.complete, total.plays));
  figure("via", numbers.format(total.viaLink + total.viaEmbed));
  figure("shares", numbers.format(total.sharesLink + total.sharesEmbed));
  draw(minutes);
  most(targets);
}

/** @param {string} name @param {string} text */
function figure(name, text) {
  part(`[data-figure="${name}"]`).textContent = text;
}

/** @param {number} some @param {number} all */
function rate(some, all) {
  if (!all) return "–";
  const percent = Math.round((100 * some) / all);
  if (percent === 100 && some < all) return "99%";
  return percent === 0 && some > 0 ? "under 1%" : `${percent}%`;
}

/** The drums. @param {number} plays */
function roll(plays) {
  const digits = numbers.format(plays);
  const padded = plays >= 100_000 ? digits : numbers.format(1_000_000 + plays).slice(2);
  let idle = true;
  part(".odometer__drums").replaceChildren(
    ...[...padded].map((sign, place) => {
      if (!"0,".includes(sign) || place === padded.length - 1) idle = false;
      if (sign === ",") return word("odometer__group", sign);
      return word(`odometer__drum${idle ? " odometer__drum--idle" : ""}`, sign);
    }),
  );
  const said = root.querySelector(".odometer__label .visually-hidden");
  if (said) said.textContent = `${digits} `;
}

/** @param {Sums[]} minutes */
function draw(minutes) {
  const highest = Math.max(...minutes.map((sums) => sums.plays));
  figure("highest", numbers.format(highest));
  const groups = root.querySelectorAll(".minutes__bars g");
  minutes.forEach((sums, place) => {
    let top = 100;
    groups[place]?.replaceChildren(
      ...BUCKETS.filter((bucket) => sums[bucket]).map((bucket) => {
        const height = (100 * sums[bucket]) / highest;
        top -= height;
        return bar(bucket, 10 * place + 1, top, height);
      }),
    );
  });
}

/** @param {string} look @param {number} x @param {number} y @param {number} height */
function bar(look, x, y, height) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("class", look);
  for (const [name, value] of Object.entries({ x, y, width: 8, height })) rect.setAttribute(name, String(value));
  return rect;
}

/** @param {Target[]} targets */
function most(targets) {
  const played = targets.filter((one) => one.plays).sort((one, other) => other.plays - one.plays);
  part(".live__nothing").hidden = played.length > 0;
  part(".live__most").hidden = played.length === 0;
  part(".live__most tbody").replaceChildren(...played.slice(0, Number(root.dataset.shown)).map(row));
}

/** @param {Target} target */
function row(target) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  const link = document.createElement("a");
  link.className = "board__title";
  link.href = (root.dataset.track ?? "").replace(/KEY$/, () => encodeURIComponent(target.key));
  link.textContent = target.title ?? target.key;
  head.append(link);
  line.append(head);
  for (const text of [numbers.format(target.plays), rate(target.complete, target.plays)]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  return line;
}

function speak() {
  const { plays, shares } = aloud;
  if (paused || !(plays || shares)) return;
  aloud = { plays: 0, shares: 0 };
  const told = [plays && `${plays} ${plays === 1 ? "play" : "plays"}`, shares && `${shares} ${shares === 1 ? "share" : "shares"}`];
  part(".live__aloud").textContent = `${told.filter(Boolean).join(" and ")} in the last half minute.`;
}

start();
