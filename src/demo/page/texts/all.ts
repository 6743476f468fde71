/** The page's texts, by language. */
import type { Language } from "../../../panel/languages.ts";
import { da } from "./da.ts";
import { en } from "./en.ts";
import { fi } from "./fi.ts";
import { nb } from "./nb.ts";
import { sv } from "./sv.ts";
import type { PageTexts } from "./texts.ts";

export const pageTexts: Readonly<Record<Language, PageTexts>> = { nb, sv, da, fi, en };
