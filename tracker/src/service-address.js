// Where the service is.

/**
 * @param {string} script address of the script that asks
 * @param {string} path of what is asked for, with a slash at its start
 * @returns {string} its address: next to the script, unless an element of the page says `data-tonearm-api`
 */
export function serviceAddress(script, path) {
  const named = /** @type {HTMLElement | null} */ (document.querySelector("[data-tonearm-api]"))?.dataset["tonearmApi"];
  return (named ? named + "/" : script).replace(/\/+[^/]*$/, path);
}
