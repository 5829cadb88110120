const standIn = document.querySelector("hls-video");
Object.assign(SONGS.second, { src: "/second.m3u8" });

const show = (song) => {
  standIn.dataset.tonearmTrack = song.key;
  standIn.src = song.src;
};
globalThis.listener = listenerOf(elementPlayer(() => standIn, show));
customElements.whenDefined("hls-video").then(() => (globalThis.ready = true));
