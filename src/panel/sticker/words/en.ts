/** English. */
import type { SheetWords } from "./sheet-words.ts";

export const en: SheetWords = {
  title: "Stickers: printing, gluing, looking after",
  steps: (app) => [
    "Print at 100 % (“actual size”), never “fit to page”. Measure the line below.",
    "Black on white, matt, without gloss film: reflections hide the code. Outdoors on film, with ink that stands the sun.",
    "Cut at the marks. The white edge around the code belongs to it.",
    "Clean the place of grease. Glue the sticker flat, about 80 to 120 cm above the floor, not round an edge and not over another code: take the old one off first.",
    `Scan each sticker once in ${app}, never with the phone’s camera. The app has to name the place in the table, and the machine has to react.`,
    "At each visit, feel whether something was glued over it, and compare id and revision with the table. If it is not your sticker, take it off and keep it for the police.",
    "When a place, a price or a code changes, print anew, and take the old sticker off.",
  ],
  ruler: (mm) => `This line is ${mm} mm long.`,
  id: "Id",
  place: "Place",
  revision: "Revision",
};
