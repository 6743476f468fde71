/** A certificate for one address and one run of the demo: without HTTPS a browser gives no camera (Media Capture, "secure contexts"). */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A computer that does much else takes its time. */
const madeWithinMs = 30_000;

/** Made by openssl, signed by itself. Undefined where there is no openssl, or one that cannot: the phone's page is then without a camera. */
export async function makeCertificate(address: string): Promise<Certificate | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-demo-tls-"));
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  // What Apple's systems ask of a server's certificate (support.apple.com/103769): the name in SAN, serverAuth, few days.
  const extensions = [`subjectAltName=IP:${address}`, "extendedKeyUsage=serverAuth"];
  const args = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "7"];
  try {
    await promisify(execFile)(
      "openssl",
      [
        ...args,
        "-subj",
        "/CN=kvitt demo",
        ...extensions.flatMap((one) => ["-addext", one]),
        "-keyout",
        key,
        "-out",
        cert,
      ],
      { timeout: madeWithinMs },
    );
    return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
