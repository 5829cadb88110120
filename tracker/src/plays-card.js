// The file with <tonearm-plays>, the Plays card: the tracker loads it where a page has one, or a page by itself.

import { PlaysCard } from "./card/element.js";

// A browser without constructed sheets (Safari before 16.4) shows what stands inside the element instead.
if ("adoptedStyleSheets" in document && !customElements.get("tonearm-plays")) {
  customElements.define("tonearm-plays", PlaysCard);
}
