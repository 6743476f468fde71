/** The certificates and keys of the link, read once at start with errors that say which file and what to do. */
import { readFileSync } from "node:fs";
import { LinkError } from "./link-error.ts";

export interface TlsFiles {
  /** PEM of the authorities that sign the broker's certificate; undefined: those the runtime trusts. */
  readonly caFile?: string | undefined;
  /** PEM of our own certificate, for brokers that ask for one. */
  readonly certFile?: string | undefined;
  /** PEM of its private key. */
  readonly keyFile?: string | undefined;
}

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** @throws LinkError `link-config` naming the file and what is wrong with it. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  if ((files.certFile === undefined) !== (files.keyFile === undefined))
    throw new LinkError(
      "link-config",
      `a client certificate and its key go together: ${files.certFile === undefined ? "cert_file" : "key_file"} is missing`,
    );
  return {
    ...(files.caFile === undefined ? {} : { ca: readPem(files.caFile, "CERTIFICATE", "ca_file") }),
    ...(files.certFile === undefined ? {} : { cert: readPem(files.certFile, "CERTIFICATE", "cert_file") }),
    ...(files.keyFile === undefined ? {} : { key: readPem(files.keyFile, "PRIVATE KEY", "key_file") }),
  };
}

function readPem(path: string, label: string, key: string): string {
  const text = read(path, key);
  // RFC 7468 §2: "-----BEGIN label-----"; a key's label may carry its kind first ("RSA PRIVATE KEY").
  if (new RegExp(`-----BEGIN (?:[A-Z0-9]+ )*${label}-----`).test(text)) return text;
  throw new LinkError("link-config", `${key} "${path}" holds no PEM block "${label}"; convert it with openssl first`);
}

function read(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new LinkError(
      "link-config",
      `${key} "${path}" cannot be read (${code}); it has to exist and be readable by the user that runs kvitt`,
      { cause },
    );
  }
}
