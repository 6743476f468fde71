/** What a Grafana dashboard asks of Prometheus, and whether a scrape can answer it. */
import { readFileSync } from "node:fs";
import * as z from "zod";

const dashboardSchema = z.object({
  uid: z.string().min(8).max(40),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
});
export type Dashboard = z.infer<typeof dashboardSchema>;

export function readDashboard(path: string): Dashboard {
  return dashboardSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** PromQL alone: Grafana's variables have a value in it. */
export function plainQuery(expr: string): string {
  return expr.replaceAll("$__rate_interval", "5m").replaceAll("$msn", ".*");
}

/** Each metric of a scrape with the labels that its samples have; a family without samples has none to judge. */
export function labelsIn(scrape: string): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const [, name = ""] of scrape.matchAll(/^# TYPE (\w+)/gm)) labels.set(name, new Set());
  for (const [, sample = "", inner = ""] of scrape.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const of = labels.get(familyOf(sample)) ?? labels.get(sample);
    for (const [, label = ""] of inner.matchAll(/(\w+)="/g)) of?.add(label);
  }
  return labels;
}

export function familyOf(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, "");
}

/** Metrics that a query names, and labels that it selects by, groups by or shows. */
export function namesIn(
  expr: string,
  legend = "",
): { readonly metrics: readonly string[]; readonly labels: readonly string[] } {
  const metrics = [...expr.matchAll(/\bkvitt_\w+/g)].map(([name]) => familyOf(name));
  const selected = [...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = ""]) => label);
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = ""]) =>
    inner.split(",").map((one) => one.trim()),
  );
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
  return { metrics, labels: [...selected, ...grouped, ...shown] };
}
