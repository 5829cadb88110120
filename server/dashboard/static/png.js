// A picture as PNG: the SVG file beside the page, drawn by the browser at twice its size, in the theme that is on.

const TWICE = 2;

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-png]"))) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    save(button.dataset.png ?? "")
      .catch(() => (button.textContent = "PNG failed"))
      .finally(() => (button.disabled = false));
  });
}

/** @param {string} address of the SVG file */
async function save(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const name = /filename="(.+?)\.svg"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "tonearm";
  const source = URL.createObjectURL(new Blob([await answer.text()], { type: "image/svg+xml" }));
  try {
    download(await drawn(source), `${name}.png`);
  } finally {
    URL.revokeObjectURL(source);
  }
}

/** @param {string} source @returns {Promise<Blob>} */
async function drawn(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * TWICE;
  canvas.height = image.naturalHeight * TWICE;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("empty")))));
}

/** @param {Blob} file @param {string} name */
function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it in its own time
}
