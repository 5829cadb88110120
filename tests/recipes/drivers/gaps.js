globalThis.listener = {
  ...listenerOf(elementPlayer(() => audio, show)),
  recover: () => hls.recoverMediaError(),
};
globalThis.ready = true;
