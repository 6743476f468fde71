/** The certificates and keys of the link, read once at start with errors that say which file and what to do. */
import { readFileSync } from "node:fs";
import { LinkError } from "./link-error.ts";

/** Named as in `[mqtt]`, so that the section can be handed in as it is. */
export interface TlsFiles {
  /** PEM of the authorities that sign the broker's certificate; undefined: those the runtime trusts. */
  readonly ca_file?: string | undefined;
  /** PEM of our own certificate, for brokers that ask for one. */
  readonly cert_file?: string | undefined;
  /** PEM of its private key. */
  readonly key_file?: string | undefined;
}

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** @throws LinkError `link-config` naming the file and what is wrong with it. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  if ((files.cert_file === undefined) !== (files.key_file === undefined))
    throw new LinkError(
      "link-config",
      `a client certificate and its key go together: ${files.cert_file === undefined ? "cert_file" : "key_file"} is missing`,
    );
  return {
    ...(files.ca_file === undefined ? {} : { ca: readPem(files.ca_file, "CERTIFICATE", "ca_file") }),
    ...(files.cert_file === undefined ? {} : { cert: readPem(files.cert_file, "CERTIFICATE", "cert_file") }),
    ...(files.key_file === undefined ? {} : { key: readPem(files.key_file, "PRIVATE KEY", "key_file") }),
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
