/** Finnish. */
import type { SheetWords } from "./sheet-words.ts";

export const fi: SheetWords = {
  title: "Tarrat: tulostus, kiinnitys, valvonta",
  steps: (app) => [
    "Tulosta 100 %:n koossa (”todellinen koko”), älä koskaan ”sovita sivulle”. Mittaa alla oleva viiva.",
    "Mustaa valkoisella, mattapinta, ei kiiltävää kalvoa: heijastus peittää koodin. Ulkona kalvolle, auringonkestävällä värillä.",
    "Leikkaa merkkien kohdalta. Koodin valkoinen reuna kuuluu koodiin.",
    "Puhdista pinta rasvasta. Liimaa tarra tasaisesti noin 80–120 cm:n korkeudelle, ei reunan yli eikä toisen koodin päälle: poista vanha ensin.",
    `Skannaa jokainen tarra kerran sovelluksessa (${app}), älä koskaan puhelimen kameralla. Sovelluksen pitää näyttää taulukon paikka, ja automaatin pitää reagoida.`,
    "Tunnustele joka käynnillä, onko päälle liimattu jotain, ja vertaa tunnusta ja versiota taulukkoon. Jos tarra ei ole sinun, irrota se ja säilytä poliisia varten.",
    "Kun paikka, hinta tai koodi muuttuu, tulosta uusi tarra ja poista vanha.",
  ],
  ruler: (mm) => `Tämän viivan pituus on ${mm} mm.`,
  id: "Tunnus",
  place: "Paikka",
  revision: "Versio",
};
