/**
 * Runs after `npm ci`. Two native modules need a hand, and neither may fail the install:
 *
 * - `epoll` (under onoff) has no prebuilt binary and is bound to one Node ABI. It was compiled, if at all, against whatever
 *   headers the host's npm had; the daemon runs on the pinned `node` package, so it is rebuilt against the headers in there.
 * - `node-hid` carries its binaries, but links libusb-1.0 and libudev.
 *
 * Where a compiler or a library is missing, this prints one line and ends well: GPIO or HID then says at run time what is
 * missing and how to mend it.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(join(top, "package.json"));

/** The folder with `include/node` that belongs to the runtime that npm scripts use, or undefined. */
function headersFolder(): string | undefined {
  const candidates = [
    join(top, "node_modules", `node-linux-${process.arch}`),
    join(top, "node_modules", "node", "node_modules", `node-linux-${process.arch}`),
    dirname(dirname(process.execPath)),
  ];
  return candidates.find((folder) => existsSync(join(folder, "include", "node", "node.h")));
}

function tryLoad(name: string): boolean {
  const loaded = spawnSync("node", ["-e", `require(${JSON.stringify(name)})`], {
    cwd: top,
    encoding: "utf8",
    timeout: 30_000,
  });
  return loaded.status === 0;
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return existsSync(join(top, "node_modules", name));
  }
}

if (process.platform === "linux") {
  if (isInstalled("epoll") && !tryLoad("epoll")) {
    const folder = headersFolder();
    const rebuilt =
      folder === undefined
        ? undefined
        : spawnSync("npm", ["rebuild", "epoll", `--nodedir=${folder}`], {
            cwd: top,
            encoding: "utf8",
            timeout: 300_000,
            env: { ...process.env, npm_config_nodedir: folder },
          });
    if (rebuilt?.status !== 0 || !tryLoad("epoll"))
      console.log(
        "kvitt: epoll was not built (needs python3, make and g++); onoff, and so GPIO, is off on this machine.",
      );
  }
  if (isInstalled("node-hid") && !tryLoad("node-hid"))
    console.log(
      "kvitt: node-hid does not load (needs libusb-1.0-0 and libudev1); USB scanners and keypads are off on this machine.",
    );
}
