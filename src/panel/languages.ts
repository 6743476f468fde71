/** The panel's languages. Add a new one here; the compiler then asks for its sentences in scene/texts. */

/** ISO 639-1 codes, Norwegian as bokmål. */
export const languages = ["nb", "sv", "da", "fi", "en"] as const;

export type Language = (typeof languages)[number];
