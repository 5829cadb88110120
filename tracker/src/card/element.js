// <tonearm-plays>: the Plays card of the site, a release or a track (docs/card.md).

import { serviceAddress } from "../service-address.js";
import { drums } from "./drums.js";
import { feed } from "./feed.js";
import { addressOf, readFigures } from "./figures.js";
import { housing, widthOf } from "./odometer.js";
import { refreshMs } from "./schedule.js";
import { STYLE } from "./style.js";
import { knownLanguage, wording } from "./wording.js";

/** @typedef {import("./feed.js").Feed} Feed */

// A bundle of one classic script has no `import.meta.url`; the page tells it where the service is.
const STATS = serviceAddress(import.meta.url?.replace(/[^/]*$/, ""), "api/stats/");
const ROOM = 6; // drums: a counter has room to grow
const MOST_ROOM = 12;

/**
 * By address, for as long as the page lives: cards that come and go make no more requests than one that stays.
 *
 * @type {Map<string, Feed>}
 */
const feeds = new Map();

/** @param {string} address */
function feedAt(address) {
  const found = feeds.get(address) ?? feed(() => readFigures(address, fetch));
  feeds.set(address, found);
  return found;
}

/** @param {string} name */
function piece(name) {
  const element = document.createElement("div");
  if (name === "stage" || name === "strip") element.className = name;
  else element.part.add(name);
  element.setAttribute("aria-hidden", "true"); // what is read aloud is the one sentence, not a row of letters
  return element;
}

export class PlaysCard extends HTMLElement {
  static observedAttributes = [
    "track", "release", "second", "label", "second-label", "unavailable-label", "drums", "refresh",
  ];

  #image = document.createElement("div");
  #odometer = piece("odometer");
  #label = piece("label");
  #second = piece("second");
  #sheet = new CSSStyleSheet();
  #drums = drums(this.#odometer, piece);
  #observer = new IntersectionObserver((entries) => this.#sighted(entries));
  #onScreen = false;
  /** @type {Feed | undefined} */
  #feed;
  #waiting = false;
  #viewer = { refresh: 0, inSight: false, changed: () => this.#show() };

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    // A constructed sheet: the page's Content-Security-Policy may refuse an inline <style>.
    this.#sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [this.#sheet];
    this.#image.setAttribute("role", "img");
    const stage = piece("stage");
    stage.append(this.#odometer);
    this.#image.append(stage, this.#label, this.#second);
    root.append(this.#image);
  }

  connectedCallback() {
    this.#observer.observe(this);
    document.addEventListener("visibilitychange", this.#arrange);
    this.#read();
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#arrange);
    this.#onScreen = false;
    this.#feed?.leave(this.#viewer);
    this.#feed = undefined;
    this.#drums.rest();
  }

  /** Once for all attributes that are changed together. */
  attributeChangedCallback() {
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      if (this.isConnected) this.#read();
    });
  }

  /** What the attributes ask for. */
  #read() {
    const address = addressOf(STATS, this.getAttribute("track"), this.getAttribute("release"));
    const wanted = address ? feedAt(address) : undefined;
    if (this.#feed !== wanted) this.#feed?.leave(this.#viewer);
    this.#feed = wanted;
    this.#viewer.refresh = refreshMs(this.getAttribute("refresh"));
    this.#show();
    this.#arrange();
  }

  #arrange = () => {
    this.#viewer.inSight = this.#onScreen && !document.hidden;
    this.#feed?.arrange(this.#viewer);
  };

  /** @param {IntersectionObserverEntry[]} entries the last is the latest */
  #sighted(entries) {
    this.#onScreen = !!entries.at(-1)?.isIntersecting;
    this.#arrange();
  }

  #show() {
    const lang = knownLanguage(languageOf(this));
    const figures = this.#feed ? this.#feed.figures() : null;
    this.dataset.tonearmState = figures ? "live" : figures === null ? "unavailable" : "loading";

    const attribute = this.getAttribute.bind(this);
    const said = wording(figures, lang, attribute);
    this.#image.setAttribute("aria-label", said.spoken);
    this.#label.textContent = said.label;
    this.#second.textContent = said.second || said.room;
    this.#second.classList.toggle("untold", !said.second);
    this.#second.hidden = !said.room;

    const format = new Intl.NumberFormat(lang);
    const room = Math.min(Math.max(Math.floor(Number(attribute("drums"))) || ROOM, 1), MOST_ROOM);
    const moving = this.#viewer.inSight && !matchMedia("(prefers-reduced-motion:reduce)").matches;
    this.#drums.show(figures && figures.totalPlays, format, room, moving);
    const { style } = /** @type {CSSStyleRule} */ (this.#sheet.cssRules[0]); // of the host
    style.setProperty("--_room", `${widthOf(housing(format, room))}`);
    style.setProperty("--_units", `${this.#drums.width()}`);
  }
}

/**
 * The nearest `lang`, also outside the shadow trees that the element stands in.
 *
 * @param {Element} element @returns {string | undefined}
 */
function languageOf(element) {
  const said = element.closest("[lang]");
  if (said) return /** @type {HTMLElement} */ (said).lang;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? languageOf(root.host) : undefined;
}
