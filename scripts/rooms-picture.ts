/** Draws docs/pictures/rooms.svg from the imports themselves: which room of src/ knows which other one, and how well. */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type IModule } from "dependency-cruiser";

const top = dirname(dirname(fileURLToPath(import.meta.url)));

/** `types`: the room takes type declarations alone, and nothing of the other one runs in it. */
type Knowledge = "types" | "values";

/** From a room to the rooms that it imports. */
type Rooms = ReadonlyMap<string, ReadonlyMap<string, Knowledge>>;

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** What dependency-cruiser found, room by room. Pure. */
export function roomsOf(modules: readonly Pick<IModule, "source" | "dependencies">[]): Rooms {
  const rooms = new Map<string, Map<string, Knowledge>>();
  for (const { source, dependencies } of modules) {
    const room = roomOf(source);
    if (room === undefined) continue;
    const known = rooms.get(room) ?? new Map<string, Knowledge>();
    rooms.set(room, known);
    for (const { resolved, dependencyTypes } of dependencies) {
      const other = roomOf(resolved);
      if (other === undefined || other === room) continue;
      if (!dependencyTypes.includes("type-only")) known.set(other, "values");
      else if (!known.has(other)) known.set(other, "types");
    }
  }
  return rooms;
}

/** Every room below all rooms whose values it is made of: whoever knows most comes first. */
function fromTheTop(rooms: Rooms): readonly string[] {
  const left = new Set([...rooms.keys()].toSorted());
  const order: string[] = [];
  while (left.size > 0) {
    const isFree = (room: string): boolean =>
      [...left].every((other) => other === room || rooms.get(other)?.get(room) !== "values");
    // A circle of rooms would leave none free; the import rules refuse it.
    const next = [...left].find(isFree) ?? [...left][0] ?? "";
    left.delete(next);
    order.push(next);
  }
  return order;
}

const cellPx = 34;
const labelPx = 120;
const headPx = 96;

/** The picture, the same for the same imports. Pure. */
export function roomsPicture(rooms: Rooms): string {
  const order = fromTheTop(rooms);
  const size = order.length * cellPx;
  const centre = (index: number): number => index * cellPx + cellPx / 2;
  const rows = order.map((room, row) => {
    const dots = order.map((other, column) => {
      const x = labelPx + centre(column);
      const y = headPx + centre(row);
      if (room === other) return `<rect x="${x - 8}" y="${y - 8}" width="16" height="16" rx="3" fill="#c9d0de"/>`;
      const knowledge = rooms.get(room)?.get(other);
      if (knowledge === undefined) return "";
      const fill = knowledge === "values" ? "#2b5bd7" : "#fff";
      return `<circle cx="${x}" cy="${y}" r="6" fill="${fill}" stroke="#2b5bd7" stroke-width="2"><title>${room} uses ${knowledge} of ${other}</title></circle>`;
    });
    const line = `<path d="M${labelPx} ${headPx + row * cellPx} h${size}" stroke="#dde2ec"/>`;
    const label = `<text x="${labelPx - 10}" y="${headPx + centre(row) + 5}" text-anchor="end" font-size="14">${room}</text>`;
    return [line, label, ...dots].filter((one) => one !== "").join("\n");
  });
  const columns = order.map((room, column) => {
    const x = labelPx + centre(column);
    return `<path d="M${labelPx + column * cellPx} ${headPx} v${size}" stroke="#dde2ec"/><text transform="translate(${x + 5} ${headPx - 8}) rotate(-60)" font-size="14">${room}</text>`;
  });
  const width = labelPx + size + 40;
  const height = headPx + size + 50;
  const key = headPx + size + 28;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" fill="#1d2433">
<rect width="${width}" height="${height}" fill="#f4f6fa"/><rect x="${labelPx}" y="${headPx}" width="${size}" height="${size}" fill="#fff"/>
${columns.join("\n")}
${rows.join("\n")}
<circle cx="${labelPx + 8}" cy="${key - 5}" r="6" fill="#2b5bd7"/><text x="${labelPx + 22}" y="${key}" font-size="13">the row runs code of the column</text>
<circle cx="${labelPx + 258}" cy="${key - 5}" r="6" fill="#fff" stroke="#2b5bd7" stroke-width="2"/><text x="${labelPx + 272}" y="${key}" font-size="13">it takes types alone</text>
</svg>
`;
}

/** Every module of src/ with what it imports, types included. */
async function readModules(): Promise<readonly IModule[]> {
  const { output } = await cruise(
    ["src"],
    {
      baseDir: top,
      doNotFollow: { path: "node_modules" },
      tsPreCompilationDeps: true,
      enhancedResolveOptions: { extensions: [".ts", ".js"] },
    },
    { extensions: [".ts", ".js"] },
  );
  if (typeof output === "string") throw new Error("the cruiser answered with text");
  return output.modules;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(join(top, "docs/pictures/rooms.svg"), roomsPicture(roomsOf(await readModules())));
