// <tonearm-plays>: the Plays card. For now it shows the specification's placeholder and asks the network nothing.

const FIGURE = "XXX";
const LABEL = "Plays (Coming Soon)";
const SPOKEN = "Plays: coming soon";

// Drums are light on near-black in both themes (DESIGN §11); the label takes the page's own colour. Each drum is shaded like a
// cylinder and has a seam where the next figure would come up.
const STYLE = `
:host {
  display: inline-block;
  font-family: var(--tonearm-font, ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace);
  font-size: var(--tonearm-size, 2.5rem);
  line-height: 1;
  text-align: center;
}
:host([hidden]) { display: none }
[part=odometer] {
  display: inline-block;
  padding: .14em .14em;
  border-radius: .2em;
  background: var(--tonearm-housing, #0b0b0d);
  box-shadow: inset 0 .03em .08em #000, 0 0 0 1px #ffffff24, 0 .06em .2em #0004;
  white-space: nowrap;
  font-variant-numeric: tabular-nums lining-nums;
}
[part=drum] {
  display: inline-block;
  box-sizing: border-box;
  width: 1.02em;
  padding: .2em 0;
  border-radius: .09em;
  color: var(--tonearm-digit, #f6f1e4);
  background:
    linear-gradient(#000c, #0000 32% 68%, #000c),
    linear-gradient(#0000 calc(50% - .5px), #0007 0 calc(50% + .5px), #0000 0),
    var(--tonearm-drum, #26262b);
  font-weight: 600;
}
[part=drum] + [part=drum] { margin-left: .07em }
[part=label] {
  display: block;
  margin-top: .75em;
  color: var(--tonearm-ink, inherit);
  font: 500 clamp(.8125rem, .36em, 1.125rem)/1.3 var(--tonearm-label-font, system-ui, sans-serif);
  white-space: nowrap;
}
.spoken {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
@media (forced-colors: active) {
  [part=odometer], [part=drum] { border: 1px solid CanvasText }
}
`;

/** @param {string} name @param {string} part @param {string} [text] */
function piece(name, part, text = "") {
  const element = document.createElement(name);
  element.part.add(part);
  element.ariaHidden = "true"; // what is read aloud is the one spoken sentence, not a row of letters
  element.textContent = text;
  return element;
}

/** Parts: `odometer`, `drum`, `label`. Custom properties: `--tonearm-size`, `-font`, `-label-font`, `-digit`, `-drum`, `-housing`, `-ink`. */
export class PlaysCard extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    // A constructed sheet: the page's Content-Security-Policy may refuse an inline <style>.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const odometer = piece("span", "odometer");
    odometer.append(...Array.from(FIGURE, (digit) => piece("span", "drum", digit)));
    const spoken = document.createElement("span");
    spoken.className = "spoken";
    spoken.textContent = SPOKEN;
    root.append(odometer, piece("span", "label", LABEL), spoken);
  }
}

if (!customElements.get("tonearm-plays")) customElements.define("tonearm-plays", PlaysCard);
