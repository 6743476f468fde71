/**
 * What the wallet's app is called, in one place. Nobody has an app called "Vipps MobilePay": Norwegians and Swedes have Vipps, Danes and Finns
 * MobilePay, every app pays at every machine, and the local one is named first (developer.vippsmobilepay.com/docs/knowledge-base/across-borders).
 * MobilePay takes the name Vipps on 2027-01-12 (developer.vippsmobilepay.com/docs/technical-updates/2026-10). Pure.
 */
import type { Currency } from "../sale/money.ts";
import type { Language } from "./languages.ts";

export type Wallet = "vipps" | "mobilepay";

/** Which names customers are told. */
export interface WalletNaming {
  /** The wallet of the country that the machine stands in; undefined: not known. */
  readonly local?: Wallet | undefined;
  /** Whether both apps are called Vipps by now. */
  readonly isOneName?: boolean | undefined;
}

/** The app's name as sentences need it. */
export interface AppName {
  readonly name: string;
  /** "with the app", where the language says that with an ending (Finnish). */
  readonly by: string;
}

const names: Readonly<Record<Wallet, AppName>> = {
  vipps: { name: "Vipps", by: "Vippsillä" },
  mobilepay: { name: "MobilePay", by: "MobilePaylla" },
};

/** The app of those who read this language at home; English is everybody's. */
const ofLanguage: Readonly<Record<Language, Wallet | undefined>> = {
  nb: "vipps",
  sv: "vipps",
  da: "mobilepay",
  fi: "mobilepay",
  en: undefined,
};

/** The app of the country whose sales units sell in this currency. */
export const walletOfCurrency: Readonly<Record<Currency, Wallet>> = {
  NOK: "vipps",
  DKK: "mobilepay",
  EUR: "mobilepay",
};

/** The name or names in a language: that of the place first, then that of the readers. @param or the language's word between two names */
export function appName(language: Language, or: string, { local, isOneName }: WalletNaming): AppName {
  if (isOneName === true) return names.vipps;
  const own = ofLanguage[language];
  const named: readonly Wallet[] =
    own === undefined
      ? local === "mobilepay"
        ? ["mobilepay", "vipps"]
        : ["vipps", "mobilepay"]
      : [...new Set([local ?? own, own])];
  const joined = (part: keyof AppName): string => named.map((wallet) => names[wallet][part]).join(` ${or} `);
  return { name: joined("name"), by: joined("by") };
}

/** Whether the day of the change has come where the machine stands. @param from "2027-01-12" */
export function hasOneName(from: string, wallMs: number, timeZone: string): boolean {
  // sv-SE writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat("sv-SE", { timeZone }).format(wallMs) >= from;
}
