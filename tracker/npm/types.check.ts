// Holds the written declarations against the source: each must do for the other. Checked by tsc, run by nobody.

import * as packaged from "./index.js";
import * as source from "../src/index.js";
import * as declared from "./tonearm.js";

type Declared = typeof declared;
type Source = typeof source;

export const promised: Declared = source;
export const kept: Source = declared;
export const bundled: Source = packaged;
export const same: Declared = packaged;
