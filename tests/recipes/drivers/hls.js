Object.assign(SONGS.second, { src: "/second.m3u8" });

globalThis.listener = listenerOf(elementPlayer(() => audio, show));
globalThis.ready = true;
