/** Norwegian (bokmål). */
import type { SheetWords } from "./sheet-words.ts";

export const nb: SheetWords = {
  title: "Klistremerker: utskrift, montering, tilsyn",
  steps: (app) => [
    "Skriv ut i 100 % («faktisk størrelse»), aldri «tilpass til siden». Mål streken nedenfor.",
    "Svart på hvitt, matt, uten blank folie: gjenskinn skjuler koden. Utendørs på folie, med farge som tåler sol.",
    "Klipp ved merkene. Den hvite kanten rundt koden hører med til den.",
    "Vask flaten fri for fett. Lim merket plant, rundt 80 til 120 cm over gulvet, ikke rundt en kant og ikke over en annen kode: ta av den gamle først.",
    `Skann hvert merke én gang i ${app}, aldri med telefonens kamera. Appen skal vise stedet i tabellen, og automaten skal reagere.`,
    "Kjenn etter ved hvert besøk om noe er limt over, og sammenlign id og revisjon med tabellen. Er det ikke ditt merke, ta det av, og ta vare på det til politiet.",
    "Når et sted, en pris eller en kode endres: skriv ut på nytt, og ta av det gamle merket.",
  ],
  ruler: (mm) => `Denne streken er ${mm} mm lang.`,
  id: "Id",
  place: "Sted",
  revision: "Revisjon",
};
