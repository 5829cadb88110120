// What the card says, and in which language's numbers. No element, no network.

/** @typedef {import("./figures.js").Figures} Figures */
/** @type {Record<string, [words: string, figure: (figures: Figures) => number | null | undefined]>} */
const SECOND = {
  completion: ["{} heard to the end", (figures) => figures.completionRate],
  shares: ["{} share|{} shares", (figures) => figures.totalShares],
  listeners: ["{} listener|{} listeners", (figures) => figures.listeners],
  "listeners-today": ["{} listener today|{} listeners today", (figures) => figures.listenersToday],
};

/** The name of a second line; a misspelt one is the default. @param {string | null} asked */
export const secondLine = (asked) =>
  asked === "none" || (asked && Object.hasOwn(SECOND, asked)) ? asked : "completion";

/**
 * The words under the drums, and the sentence for a screen reader. `second` is empty where its figure is not told: not
 * known yet, too few listeners to be shown, a mode that does not count them, no plays. `room` are words about as long,
 * to keep its place; empty where there is to be no second line.
 *
 * @param {Figures | null | undefined} figures undefined: still awaited; null: not to be had
 * @param {string | undefined} lang of the numbers; undefined: the browser's own
 * @param {(name: string) => string | null} attribute what is written on the element
 */
export function wording(figures, lang, attribute) {
  const label = attribute("label") ?? "Plays";
  const name = secondLine(attribute("second"));
  const [words, figure] = SECOND[name] ?? ["", () => null];
  const forms = (words && (attribute("second-label") ?? words)).split("|");

  /** "{}" stands for the number, and "FOR ONE|FOR OTHERS" for words that differ. @param {number} number */
  const secondWords = (number) => {
    const form = new Intl.PluralRules(lang).select(number) === "one" ? forms[0] : forms.at(-1);
    return `${form}`.replaceAll("{}", () => written(number, name, lang));
  };
  const number = figures && figure(figures);
  const second = typeof number === "number" ? secondWords(number) : "";
  const plays = figures ? written(figures.totalPlays, "", lang) : (attribute("unavailable-label") ?? "not available");
  const spoken = figures === undefined ? label : `${label}: ${plays}${second && `; ${second}`}`;
  return { label, second, room: secondWords(1234), spoken };
}

/** @param {number} number @param {string} name @param {string | undefined} lang */
function written(number, name, lang) {
  if (name !== "completion") return new Intl.NumberFormat(lang).format(number);
  // 996 of 1,000 are not all of them: only a whole is 100 %.
  return new Intl.NumberFormat(lang, { style: "percent" }).format(number < 1 ? Math.min(number, 0.99) : 1);
}

/** Undefined where the page names no language, or one that is none. @param {string | undefined} lang */
export function knownLanguage(lang) {
  try {
    return Intl.getCanonicalLocales(lang)[0];
  } catch {
    return undefined;
  }
}
