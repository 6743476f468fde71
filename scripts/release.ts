/**
 * `npm run release -- amd64|arm64 --key PRIVATE.pem --out FOLDER [--version X.Y.Z] [--needs-package X.Y.Z] [--tree FOLDER]`: a signed release for
 * `kvitt update` (docs/update.md), as files that any web server can hand out. What is in FOLDER already stays: a file that did not change is there once.
 *
 *   --key FILE               an Ed25519 private key (PEM): openssl genpkey -algorithm ed25519 -out release.pem
 *   --needs-package X.Y.Z    the oldest package whose launcher and units fit; default the release's own major and minor version with 0
 *   --tree FOLDER            an unpacked release, instead of making one
 */
import { execFileSync } from "node:child_process";
import { createHash, createPrivateKey, sign } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import * as z from "zod";
import { architectureOf } from "./package/architecture.ts";
import { filesIn } from "./package/release.ts";
import type { Manifest } from "../src/update/manifest.ts";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    key: { type: "string" },
    out: { type: "string" },
    version: { type: "string" },
    "needs-package": { type: "string" },
    tree: { type: "string" },
  },
});
const architecture = architectureOf(positionals[0]);
const { key, out } = values;
if (key === undefined || out === undefined)
  throw new Error("name the private key and the folder: --key FILE --out FOLDER");
const privateKey = createPrivateKey(readFileSync(key));
if (privateKey.asymmetricKeyType !== "ed25519") throw new Error(`${key} is not an Ed25519 key`);

const work = mkdtempSync(join(tmpdir(), "kvitt-release-"));
try {
  const tree = values.tree ?? join(work, "tree");
  if (values.tree === undefined) {
    const version = values.version === undefined ? [] : ["--version", values.version];
    const script = ["--import", "tsx", join(top, "scripts/package.ts"), architecture.debian, "--fast"];
    execFileSync(process.execPath, [...script, ...version, "--out", work, "--tree", tree], {
      cwd: top,
      stdio: "inherit",
    });
  }
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(tree, "release.json"), "utf8")));
  const objects = join(out, "objects");
  mkdirSync(objects, { recursive: true });
  const files = filesIn(tree).map((path) => {
    const content = readFileSync(path);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const object = join(objects, `${sha256}.br`);
    if (!existsSync(object)) writeFileSync(object, packed(content));
    const isProgram = (statSync(path).mode & 0o100) !== 0;
    return { path: path.slice(tree.length + 1), bytes: content.length, sha256, isProgram };
  });
  const manifest: Manifest = {
    kvitt: "release",
    format: 1,
    version,
    architecture: architecture.debian,
    needsPackage: values["needs-package"] ?? version.replace(/\.\d+$/, ".0"),
    files,
  };
  const bytes = Buffer.from(`${JSON.stringify(manifest)}\n`);
  const signature = `${sign(null, bytes, privateKey).toString("base64")}\n`;
  for (const name of [version, "newest"]) {
    writeFileSync(join(out, `${name}-${architecture.debian}.json`), bytes);
    writeFileSync(join(out, `${name}-${architecture.debian}.json.sig`), signature);
  }
  console.log(`${out}: ${version} for ${architecture.debian}, ${files.length} files, signed`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Large files only a little: the runtime and Skia would take minutes at the best quality. */
function packed(content: Buffer): Buffer {
  const quality = content.length > 8 * 1024 * 1024 ? 5 : 9;
  return brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}
