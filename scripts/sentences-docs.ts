/** docs/sentences.md, from the texts: `node --import tsx scripts/sentences-docs.ts`. A test fails when the page is out of date. */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { languages } from "../src/panel/languages.ts";
import { texts } from "../src/panel/scene/texts/all.ts";
import { sentencesOf } from "../src/panel/scene/texts/list.ts";

/** Public pages whose wording was looked at; the letters stand in the table. */
const sources = {
  a: [
    "the provider: Offering Vipps MobilePay in the Nordics (the apps' names, the local one first)",
    "https://developer.vippsmobilepay.com/docs/knowledge-base/across-borders",
  ],
  b: [
    "the provider: technical update of October 2026 (MobilePay becomes Vipps)",
    "https://developer.vippsmobilepay.com/docs/technical-updates/2026-10",
  ],
  c: [
    "the provider: static code on a vending machine (scan, then choose at the machine)",
    "https://developer.vippsmobilepay.com/docs/recommended-flows/vending-machines/qr-direct-to-payment-in-app",
  ],
  d: [
    "the provider's help in Finnish (“maksat MobilePaylla”, “maksu veloitetaan”)",
    "https://help.vippsmobilepay.com/fi-FI/articles/not-able-to-pay-to-shops",
  ],
  e: [
    "a Danish shop's help (“Åbn appen og godkend betalingen”)",
    "https://mitdating.dk/amp/support/Kan-jeg-betale-med-MobilePay",
  ],
  f: [
    "Zettle's help in Norwegian (“beløp reservert”)",
    "https://www.zettle.com/no/help/articles/1084819-belop-reservert-pa-kundens-bankkonto",
  ],
  g: ["APCOA's help in Norwegian (“ute av drift”)", "https://apcoasupport.no/sporsmal/automaten-var-ute-av-drift/"],
  h: ["Mölndals parkering (“ur funktion”)", "https://molndalsparkering.se/kontakta-oss/felanmalan"],
  i: [
    "Worldline on terminals' messages in Swedish (“nekar ett köp”)",
    "https://worldline.com/sv-se/home/main-navigation/resources/resources-hub/blogs/how-a-chargeback-works",
  ],
  j: [
    "a vendor of tills on its payment terminals in Norwegian (“godkjent”, “ikke godkjent”)",
    "https://support.mystore.no/knowledge/betalingsterminal",
  ],
} as const satisfies Readonly<Record<string, readonly [what: string, address: string]>>;

type Source = keyof typeof sources;

/** By the beginning of a sentence's place. Places without a row are our own wording. */
const bySource: readonly (readonly [place: string, from: readonly Source[]])[] = [
  ["idleTitle", ["a", "b", "d"]],
  ["scan", ["a", "b", "c"]],
  ["shopHow", ["a", "b"]],
  ["press", ["a", "b", "c"]],
  ["payTitle", ["a", "b"]],
  ["approve", ["a", "e", "j"]],
  ["reserved", ["f"]],
  ["outTitle", ["g", "h"]],
  ["sorry.declined", ["i"]],
  ["money.nothing-taken", ["d"]],
  ["money.being-released", ["f"]],
];

/** The whole page. */
export function sentencesPage(): string {
  const lists = languages.map((language) => [language, sentencesOf(texts[language])] as const);
  const places = [...(lists[0]?.[1].keys() ?? [])];
  const rows = places.map((place) => {
    const said = lists.map(([, sentences]) => (sentences.get(place) ?? "").replaceAll("|", "\\|"));
    const from = bySource.find(([start]) => place.startsWith(start))?.[1].join(" ") ?? "";
    return `| ${place} | ${said.join(" | ")} | ${from} |`;
  });
  return `# What the panel says

Every sentence in every language. The page is made from \`src/panel/scene/texts\`: \`node --import tsx scripts/sentences-docs.ts\`. APP is the wallet's name (\`src/panel/wallets.ts\`): Vipps for readers of
Norwegian and Swedish, MobilePay for readers of Danish and Finnish, after the name of the country that the machine stands in where that is the other one; from \`one_wallet_name_from\` under \`[panel]\` on it is
Vipps for all. No sentence was checked by a paid translator: before a roll-out, have a native reader look at your languages.

Rules: scanning happens in the app, never with the camera (a false code stuck over the true one opens a web page, and only a camera follows it). A sentence says what to do, or what happened and what becomes of the
money. Closed is not broken.

| place | ${languages.join(" | ")} | source |
|---|${languages.map(() => "---|").join("")}---|
${rows.join("\n")}

## Sources
Wording was compared with these public pages; rows without a letter are our own.

${Object.entries(sources)
  .map(([letter, [what, address]]) => `* ${letter}: [${what}](${address})`)
  .join("\n")}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  writeFileSync(new URL("../docs/sentences.md", import.meta.url), sentencesPage());
