// node brotli.mjs FILE...          writes FILE.br beside each: packed once, as small as it gets
// node brotli.mjs --check FILE...  prints the files whose FILE.br is missing or unpacks to something else

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";

const [first, ...rest] = process.argv.slice(2);
const PARAMETERS = {
  [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
  [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
};

/** @param {string} file */
const fits = (file) => {
  try {
    return brotliDecompressSync(readFileSync(`${file}.br`)).equals(readFileSync(file));
  } catch {
    return false; // not brotli at all
  }
};

if (first === "--check") process.stdout.write(rest.filter((file) => !existsSync(`${file}.br`) || !fits(file)).join("\n"));
else
  for (const file of [first, ...rest]) writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file), { params: PARAMETERS }));
