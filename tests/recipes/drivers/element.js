globalThis.listener = listenerOf(elementPlayer(() => document.querySelector("audio")));
globalThis.ready = true;
