/** Swedish. */
import type { SheetWords } from "./sheet-words.ts";

export const sv: SheetWords = {
  title: "Klistermärken: utskrift, montering, tillsyn",
  steps: (app) => [
    "Skriv ut i 100 % (”verklig storlek”), aldrig ”anpassa till sidan”. Mät strecket nedan.",
    "Svart på vitt, matt, utan blank film: reflexer döljer koden. Utomhus på folie, med färg som tål sol.",
    "Klipp vid märkena. Den vita kanten runt koden hör till den.",
    "Tvätta ytan fri från fett. Klistra märket plant, ungefär 80 till 120 cm över golvet, inte runt en kant och inte över en annan kod: ta bort den gamla först.",
    `Skanna varje märke en gång i ${app}, aldrig med telefonens kamera. Appen ska visa platsen i tabellen, och automaten ska reagera.`,
    "Känn efter vid varje besök om något har klistrats över, och jämför id och revision med tabellen. Är det inte ditt märke, ta bort det och spara det till polisen.",
    "När en plats, ett pris eller en kod ändras: skriv ut på nytt och ta bort det gamla märket.",
  ],
  ruler: (mm) => `Det här strecket är ${mm} mm långt.`,
  id: "Id",
  place: "Plats",
  revision: "Revision",
};
