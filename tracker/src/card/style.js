// The style sheet. Widths of drum, sign, gap and edge are those of odometer.js, which tells `--_room` and `--_units`.

// Drums are light on near-black in both themes (DESIGN §11); the words take the page's own colour. Each drum is shaded
// like a cylinder and has a seam where the next figure would come up. The card's room follows from its size and the
// drums it was given, never from the figure: a longer figure, and a narrow container, make smaller drums.
export const STYLE = `
:host {
  display: inline-block;
  container-type: inline-size;
  width: calc(var(--_room) * 1em);
  max-width: 100%;
  font-family: var(--tonearm-font, ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace);
  font-size: var(--tonearm-size, 2.5rem);
  line-height: 1;
  text-align: center;
  vertical-align: top;
}
:host([hidden]) { display: none }
.stage {
  display: flex;
  align-items: center;
  justify-content: center;
  height: 1.68em;
  font-size: min(1em, 100cqi / var(--_room));
}
[part=odometer] {
  flex: none;
  display: flex;
  gap: .06em;
  padding: .14em;
  border-radius: .2em;
  background: var(--tonearm-housing, #0b0b0d);
  box-shadow: inset 0 .03em .08em #000, 0 0 0 1px #ffffff24, 0 .06em .2em #0004;
  color: var(--tonearm-digit, #f6f1e4);
  direction: ltr;
  font-size: min(1em, 100cqi / var(--_units));
  font-style: normal;
  font-variant-numeric: lining-nums;
  font-weight: 600;
  letter-spacing: 0;
  text-indent: 0;
  user-select: none;
  white-space: pre;
}
[part~=drum] {
  position: relative;
  z-index: 1;
  width: .92em;
  height: 1.4em;
  overflow: hidden;
  border-radius: .09em;
  background: var(--tonearm-drum, #26262b);
}
[part~=drum]::after {
  content: "";
  position: absolute;
  inset: 0;
  background:
    linear-gradient(#0000 calc(50% - .5px), #0007 0 calc(50% + .5px), #0000 0),
    linear-gradient(#000c, #0000 32% 68%, #000c);
}
.strip { display: block; line-height: 1.4 }
[part~=idle] > .strip { opacity: .45 }
[part~=group] { display: flex; justify-content: center; width: .24em }
[part=label], [part=second] {
  margin-top: .75em;
  color: var(--tonearm-ink, inherit);
  font: 500 clamp(.8125rem, .36em, 1.125rem)/1.3 var(--tonearm-label-font, system-ui, sans-serif);
  overflow-wrap: anywhere;
}
[part=second] { min-height: 1.3em; margin-top: .15em; font-weight: 400 }
[part=second][hidden] { display: none }
.untold { visibility: hidden }
@media (forced-colors: active) {
  [part=odometer], [part~=drum] { outline: 1px solid; outline-offset: -1px }
}
`;
