/** Danish. */
import type { SheetWords } from "./sheet-words.ts";

export const da: SheetWords = {
  title: "Klistermærker: udskrift, montering, tilsyn",
  steps: (app) => [
    "Udskriv i 100 % (»faktisk størrelse«), aldrig »tilpas til siden«. Mål stregen nedenfor.",
    "Sort på hvidt, mat, uden blank film: genskin skjuler koden. Udendørs på folie, med farve, der tåler sol.",
    "Klip ved mærkerne. Den hvide kant om koden hører med til den.",
    "Vask fladen fri for fedt. Klæb mærket plant, omkring 80 til 120 cm over gulvet, ikke om en kant og ikke over en anden kode: tag den gamle af først.",
    `Scan hvert mærke én gang i ${app}, aldrig med telefonens kamera. Appen skal vise stedet i tabellen, og automaten skal reagere.`,
    "Mærk efter ved hvert besøg, om noget er klæbet over, og sammenlign id og revision med tabellen. Er det ikke dit mærke, så tag det af, og gem det til politiet.",
    "Når et sted, en pris eller en kode ændres: udskriv igen, og tag det gamle mærke af.",
  ],
  ruler: (mm) => `Denne streg er ${mm} mm lang.`,
  id: "Id",
  place: "Sted",
  revision: "Revision",
};
