// Where the service is.

/**
 * @param {string} folder where the script that asks came from, with a slash at its end
 * @param {string} path of what is asked for
 * @returns {string} its address: in the script's folder, unless an element of the page says `data-tonearm-api`
 */
export function serviceAddress(folder, path) {
  const named = /** @type {HTMLElement | null} */ (document.querySelector("[data-tonearm-api]"))?.dataset["tonearmApi"];
  return (named?.replace(/\/*$/, "/") ?? folder) + path;
}
