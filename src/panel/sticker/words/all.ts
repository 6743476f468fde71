/** The sheet's words in all languages. */
import type { Language } from "../../languages.ts";
import { da } from "./da.ts";
import { en } from "./en.ts";
import { fi } from "./fi.ts";
import { nb } from "./nb.ts";
import type { SheetWords } from "./sheet-words.ts";
import { sv } from "./sv.ts";

export const sheetWords: Readonly<Record<Language, SheetWords>> = { nb, sv, da, fi, en };
