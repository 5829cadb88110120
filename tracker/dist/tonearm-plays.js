var m="Plays (Coming Soon)",d="Plays: coming soon",p=`
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
`;function a(s,o,n=""){let e=document.createElement(s);return e.part.add(o),e.ariaHidden="true",e.textContent=n,e}var r=class extends HTMLElement{constructor(){super();let o=this.attachShadow({mode:"open"}),n=new CSSStyleSheet;n.replaceSync(p),o.adoptedStyleSheets=[n];let e=a("span","odometer");e.append(...Array.from("XXX",i=>a("span","drum",i)));let t=document.createElement("span");t.className="spoken",t.textContent=d,o.append(e,a("span","label",m),t)}};customElements.get("tonearm-plays")||customElements.define("tonearm-plays",r);export{r as PlaysCard};
