// Where a visit came from, told by the address alone (DESIGN §2): a copied link or embed carries a marker, the same for everybody.

/** @typedef {"link" | "embed"} Via */

/** The parameter of an address that says which kind of copy it is. */
const MARKER = "tonearm";

/** The address with the marker, for a copy. @param {URL} address @param {Via} via */
export function marked(address, via) {
  address.searchParams.set(MARKER, via);
  return address.href;
}

/**
 * Reads the marker of this visit and takes it out of the address bar, so that nobody copies it on by hand. It holds for what
 * begins to play at this address; another page, also one the site shows without loading it, is another visit.
 *
 * @param {Pick<Location, "pathname" | "search" | "hash">} place
 * @param {Pick<History, "state" | "replaceState">} history
 * @returns {() => Via | undefined} what a play that begins now came through
 */
export function arrival(place = location, history = globalThis.history) {
  const { pathname, search } = place;
  const [marker, first, via] = /([?&])tonearm=(link|embed)(?:&|$)/.exec(search) ?? [];
  if (!marker || !first) return () => undefined;
  try {
    const rest = search.replace(marker, first).replace(/[?&]$/, "");
    history.replaceState(history.state, "", pathname + rest + place.hash);
  } catch {
    // A document without an address of its own: the marker stays, and the play is told all the same.
  }
  return () => (place.pathname === pathname ? /** @type {Via} */ (via) : undefined);
}
