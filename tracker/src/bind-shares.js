// Share buttons: a click copies or opens the share sheet, and what was done is counted. One listener serves every button.

import { marked } from "./via.js";

/** How long a button says what has become of its click, in milliseconds. */
const STATE_MS = 2_000;

/**
 * @param {import("./share.js").Share} share
 * @param {() => Promise<{ copyText: (text: string) => boolean } | undefined>} importCopy
 */
export function bindShares(share, importCopy) {
  /** @param {HTMLElement} button */
  const shareBy = async (button) => {
    const { dataset } = button;
    const { tonearmShare: target = "", tonearmChannel: channel = "link", tonearmText, tonearmUrl, tonearmNative } = dataset;

    const deed = async () => {
      const url = marked(new URL(tonearmUrl ?? location.href, document.baseURI), channel);
      if (tonearmNative !== undefined) return navigator.share({ url });
      // Without a text an embed fails: only the site knows its player.
      const text = tonearmText || (channel === "link" && url);
      if (!text) throw 0;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        if (!(await importCopy())?.copyText(text)) throw 0;
      }
    };

    const outcome = await share(target, channel, deed());
    const done = !/failed|aborted/.test(outcome);
    dataset["tonearmState"] = done ? "copied" : outcome;
    setTimeout(() => delete dataset["tonearmState"], STATE_MS);
    const detail = { target, channel };
    if (done) button.dispatchEvent(new CustomEvent("tonearm:shared", { bubbles: true, detail }));
  };

  addEventListener(
    "click",
    (event) => {
      // Through open shadow roots, where `target` is only the host.
      const button = /** @type {HTMLElement[]} */ (event.composedPath()).find(({ dataset }) => dataset?.["tonearmShare"]);
      if (button) void shareBy(button);
    },
    true,
  );
}
