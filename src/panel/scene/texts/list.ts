/** All sentences of a language by their place, with what is filled in named in capitals: for the tests and the docs. Pure. */
import type { Texts } from "./texts.ts";

const samples = {
  app: { name: "APP", by: "APP:lla" },
  amount: "39 kr",
} as const;

/** "idleTitle" → "Betal med APP", "sorry.declined" → "Betalingen ble avvist", in the order of `Texts`. */
export function sentencesOf(texts: Texts): ReadonlyMap<string, string> {
  const { locale: _locale, hour: _hour, deliver, sorry, money, fault, station, ...said } = texts;
  const { app, amount } = samples;
  const filled = {
    ...said,
    idleTitle: said.idleTitle(app),
    scanHow: said.scanHow(app),
    scanOrPress: said.scanOrPress(app),
    shopHow: said.shopHow(app),
    boardHow: said.boardHow(app),
    boardOrPress: said.boardOrPress(app),
    lookAtPhone: said.lookAtPhone("W2"),
    inUseUntil: said.inUseUntil("TID"),
    until: said.until("TID"),
    from: said.from(amount),
    appShows: said.appShows("ORD ORD"),
    pressHow: said.pressHow(app),
    reserved: said.reserved(amount),
    payTitle: said.payTitle(app),
    approveHow: said.approveHow(app),
    validUntilWhen: said.validUntilWhen("ENDE"),
    atTime: said.atTime("TID"),
    onDay: said.onDay("DAG", "TID"),
    plate: said.plate("AB 12345"),
    opensAt: said.opensAt("TID"),
    faultCode: said.faultCode("E3"),
    help: said.help("22 33 44 55"),
    more: said.more(3),
    hours: said.hours(3),
    minutes: said.minutes(3),
  } satisfies Readonly<Record<string, string>>;
  const forms = Object.entries(deliver).flatMap(([form, { title, how }]) => [
    [`deliver.${form}.title`, title] as const,
    [`deliver.${form}.how`, how] as const,
  ]);
  const parts = Object.entries({ station, sorry, money, fault }).flatMap(([place, record]) =>
    Object.entries(record).map(([part, sentence]) => [`${place}.${part}`, sentence] as const),
  );
  return new Map([...Object.entries(filled), ...forms, ...parts]);
}
