// Where a visit came from, told by the address alone (DESIGN §2): a copied link or embed carries a marker, the same for everybody.

/** @typedef {"link" | "embed"} Via */

/** The address with the marker, for a copy. @param {URL} address @param {string} via */
export function marked(address, via) {
  address.searchParams.set("tonearm", via);
  return address.href;
}

/**
 * Reads the marker of this visit and takes it out of the address bar, so that nobody copies it on by hand. It holds for what
 * begins to play at this address; another page, also one the site shows without loading it, is another visit.
 *
 * @returns {() => Via | undefined} what a play that begins now came through
 */
export function arrival() {
  const { pathname } = location;
  /** @type {Via | undefined} */
  let via;
  // Not by URLSearchParams, which would write the page's own parameters anew.
  const rest = location.search.replace(/([?&])tonearm=(link|embed)(&|$)/, (_, before, told, after) => ((via = told), after && before));
  try {
    if (via) history.replaceState(history.state, "", pathname + rest + location.hash);
  } catch {
    // A document without an address of its own: the marker stays, and the play is told all the same.
  }
  return () => (location.pathname === pathname ? via : undefined);
}
