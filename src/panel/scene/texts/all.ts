/** The sentences of all languages. */
import type { Language } from "../../languages.ts";
import { da } from "./da.ts";
import { en } from "./en.ts";
import { fi } from "./fi.ts";
import { nb } from "./nb.ts";
import { sv } from "./sv.ts";
import type { Texts } from "./texts.ts";

export const texts: Readonly<Record<Language, Texts>> = { nb, sv, da, fi, en };
