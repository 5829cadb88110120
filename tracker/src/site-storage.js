// The site's own localStorage, asked so that it never throws: blocked, full and missing all read as "nothing is kept".

/** Every key of Tonearm's begins with this. */
export const PREFIX = "tonearm.";

/** @template T @param {() => T} attempt @returns {T | undefined} */
function trying(attempt) {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}

/** @param {string} name @returns {string | null | undefined} */
export const read = (name) => trying(() => localStorage.getItem(PREFIX + name));

/** @param {string} name @param {string} value @returns {true | undefined} whether it is kept */
export const write = (name, value) => trying(() => (localStorage.setItem(PREFIX + name, value), true));

/** @param {string} name */
export const remove = (name) => trying(() => localStorage.removeItem(PREFIX + name));

/** The rest of all names that begin so. @param {string} start @returns {string[]} */
export const names = (start) =>
  trying(() => Object.keys(localStorage))
    ?.filter((key) => key.startsWith(PREFIX + start))
    .map((key) => key.slice((PREFIX + start).length)) ?? [];
