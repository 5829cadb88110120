globalThis.listener = listenerOf(elementPlayer(() => audio, show));
customElements.whenDefined("media-controller").then(() => (globalThis.ready = true));
