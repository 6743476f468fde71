/** What the status page and the metrics say: what the daemon is doing, what stands on the glass, the last sales. Nothing secret, nothing of a customer. Part of the composition root. */
import type { Journal } from "../journal/port.ts";
import type { Kiosk } from "../kiosk/kiosk.ts";
import { readSaleHistory } from "../kiosk/stored.ts";
import type { Link } from "../link/port.ts";
import type { Panel } from "../panel/port.ts";
import { plainText } from "../sale/money.ts";
import { entriesOf, type SaleRecord } from "../sale/record.ts";
import { formatLine } from "../service/log-lines.ts";
import { type Metric, metricsContentType, metricsText } from "../service/metrics-text.ts";
import type { LogExcerpt } from "../service/port.ts";
import type { StatusAnswer, StatusPages } from "../service/status-server.ts";
import type { Finding, Verdict } from "./doctor/finding.ts";

export interface StatusParts {
  readonly version: string;
  readonly kiosk: Pick<Kiosk, "health" | "scene" | "progress">;
  readonly journal: Pick<Journal, "entries">;
  readonly panel: Pick<Panel, "screenshot">;
  readonly link: Pick<Link, "isConnected">;
  readonly recentLog: () => LogExcerpt;
  /** What the doctor found last. */
  readonly findings: () => readonly Finding[];
  /** Of this process, in bytes. */
  readonly residentBytes: () => number;
  /** Since this process began. */
  readonly uptimeS: () => number;
}

const salesShown = 20;
const logLinesShown = 30;
const verdicts: readonly Verdict[] = ["good", "look", "bad", "unknown"];
const states = ["init", "ready", "selling", "out-of-service", "lost"] as const;

export function statusPages(parts: StatusParts): StatusPages {
  return new Map<string, () => StatusAnswer | Promise<StatusAnswer>>([
    ["/", () => ({ contentType: "text/html; charset=utf-8", body: page(parts) })],
    ["/glass.png", async () => ({ contentType: "image/png", body: await parts.panel.screenshot() })],
    ["/state", () => ({ contentType: "application/json", body: JSON.stringify(stateOf(parts)) })],
    ["/metrics", () => ({ contentType: metricsContentType, body: metricsText(metricsOf(parts)) })],
  ]);
}

function stateOf({ kiosk, version, link }: StatusParts): object {
  return { ...kiosk.health(), scene: kiosk.scene().kind, isConnected: link.isConnected(), version };
}

function one(name: string, help: string, value: number, type: Metric["type"] = "gauge"): Metric {
  return { name: `kvitt_${name}`, help, type, samples: [{ value }] };
}

function metricsOf({ kiosk, link, version, residentBytes, uptimeS, findings }: StatusParts): readonly Metric[] {
  const health = kiosk.health();
  return [
    { name: "kvitt_info", help: "The version that runs.", type: "gauge", samples: [{ labels: { version }, value: 1 }] },
    {
      name: "kvitt_state",
      help: "1 for the state that the machine is in.",
      type: "gauge",
      samples: states.map((state) => ({ labels: { state }, value: health.state === state ? 1 : 0 })),
    },
    one("broker_connected", "Whether there is a connection to the broker.", link.isConnected() ? 1 : 0),
    one("panel_present", "Whether the last picture is on the glass.", health.panel === undefined ? 1 : 0),
    one("machine_ready", "Whether the machine can deliver.", health.machine === undefined ? 1 : 0),
    one("lines_not_for_sale", "Lines that are jammed or sold out.", health.lines.length),
    one("open_payments", "Payments that have not ended.", health.openSettlements),
    one("unsent_sales", "Ended sales that the broker does not have yet.", health.unsent),
    one("inbox_events", "Events that wait to be decided.", health.inbox),
    one("decisions_total", "Events that were decided since the start.", kiosk.progress(), "counter"),
    {
      name: "kvitt_doctor_findings",
      help: "What the doctor found last, by verdict.",
      type: "gauge",
      samples: verdicts.map((verdict) => ({
        labels: { verdict },
        value: findings().filter((finding) => finding.verdict === verdict).length,
      })),
    },
    one("uptime_seconds", "Since this process began.", Math.round(uptimeS())),
    one("resident_memory_bytes", "Memory of the daemon's process.", residentBytes()),
  ];
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function table(rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${html(cell)}</td>`).join("")}</tr>`);
  return body.length === 0 ? "<p>none</p>" : `<table>${body.join("\n")}</table>`;
}

function lastSales({ journal }: StatusParts): readonly SaleRecord[] {
  const newest = [...journal.entries("sale")].slice(-salesShown).toReversed();
  return newest.flatMap(([, stored]) => entriesOf(readSaleHistory(stored)).toReversed());
}

function saleRow({ endedAt, outcome, reason, product, price, currency, id }: SaleRecord): readonly string[] {
  return [endedAt, outcome, reason, product?.name ?? "", plainText({ minor: price, currency }), id];
}

/** What is worth reading: nobody looks here while all is well. */
function warnings({ recentLog }: StatusParts): readonly string[] {
  const lines = recentLog().lines.map((line) => JSON.stringify(line));
  return lines
    .filter((line) => /^\{"level":"(warn|error)"/.test(line))
    .slice(-logLinesShown)
    .toReversed()
    .map((line) => formatLine(line, "readable"));
}

function page(parts: StatusParts): string {
  const { kiosk, version, link } = parts;
  const { state, reason, missing, openSettlements, unsent, lines, machine, panel, refused } = kiosk.health();
  const facts = [
    ["state", reason === undefined ? state : `${state}: ${reason}`],
    ["missing", missing.join(", ")],
    ["on the glass", kiosk.scene().kind],
    ["panel", panel ?? "present"],
    ["machine", machine ?? "ready"],
    ["broker", link.isConnected() ? "connected" : "not connected"],
    ["open payments", String(openSettlements)],
    ["unsent sales", String(unsent)],
    ["refused command", refused === undefined ? "" : `${refused.id}: ${refused.reason}`],
    ["version", version],
  ].filter(([, value]) => value !== "");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>kvitt: ${html(state)}</title>
<style>body{font:16px system-ui;margin:1.5em;max-width:60em}img{max-width:100%;border:1px solid #888}td{padding:.1em 1em .1em 0;vertical-align:top}pre{white-space:pre-wrap}</style>
<h1>kvitt</h1>
${table(facts)}
<h2>On the glass</h2><img src="/glass.png" alt="what the panel shows">
<h2>Lines that are not for sale</h2>
${table(lines.map(({ line, product, state: how, since, action }) => [line, product ?? "", how, since ?? "", action]))}
<h2>What the doctor found</h2>
${table(parts.findings().map(({ check, verdict, found, todo }) => [verdict, check, found, todo ?? ""]))}
<h2>Last sales</h2>
${table(lastSales(parts).map(saleRow))}
<h2>Warnings of the last hour</h2><pre>${html(warnings(parts).join("\n") || "none")}</pre>
</html>
`;
}
