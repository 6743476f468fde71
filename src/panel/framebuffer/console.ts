/**
 * Keeps the kernel's text console off the glass. KD_GRAPHICS stops it from drawing at all (by ioctl, through koffi if it is installed). Without
 * that, escape sequences hide the cursor and disable blanking, and nothing else must write to that terminal: see docs/framebuffer.md.
 */
import { type FileHandle, open } from "node:fs/promises";
import { errorText } from "../../kit/error-text.ts";
import type { Log } from "../../service/port.ts";

export interface HiddenConsole {
  readonly by: "graphics-mode" | "escape-sequences" | "nothing";
  /** Restores the text console. Idempotent. */
  restore(): Promise<void>;
}

/** console_codes(4): `ESC [ ? 25 l` hides the cursor, `ESC [ 9 ; 0 ]` sets the blanking time to never. */
const hide = "\u001b[?25l\u001b[9;0]";
const show = "\u001b[?25h";

/** linux/kd.h */
const KDSETMODE = 0x4b3a;
const KD_TEXT = 0;
const KD_GRAPHICS = 1;
/** Of ioctl_console(2): what the kernel makes of the keyboard on this terminal. */
const KDSKBMODE = 0x4b45;
const K_UNICODE = 3;
const K_OFF = 4;

/** Never throws: a console that stays visible is ugly, but no reason not to sell. */
export async function hideConsole(ttyPath: string, log: Log): Promise<HiddenConsole> {
  let handle: FileHandle;
  try {
    handle = await open(ttyPath, "w");
    await handle.write(hide);
  } catch (error) {
    log.warn(
      { tty: ttyPath, error: errorText(error) },
      "the text console cannot be hidden: put the service's user in the group tty, or take console= and getty off this terminal",
    );
    return { by: "nothing", restore: () => Promise.resolve() };
  }
  const setMode = await keyboardDisplayMode(handle, log);
  return {
    by: setMode === undefined ? "escape-sequences" : "graphics-mode",
    restore: async () => {
      const closing = handle;
      try {
        setMode?.(KD_TEXT);
        await closing.write(show);
        await closing.close();
      } catch {
        // Closed already, or the terminal is gone: there is nothing to restore.
      }
    },
  };
}

async function keyboardDisplayMode(handle: FileHandle, log: Log): Promise<((mode: number) => void) | undefined> {
  try {
    const { default: koffi } = await import("koffi");
    const ioctl = koffi.load(null).func("int ioctl(int, unsigned long, long)");
    const ask = (request: number, value: number): boolean => {
      const answer: unknown = ioctl(handle.fd, request, value);
      return answer === 0;
    };
    const set = (mode: number): void => {
      if (!ask(KDSETMODE, mode)) throw new Error(`KDSETMODE answered errno ${koffi.errno()}`);
      // A scanner that types is a keyboard: what a customer holds before it must not reach the terminal, where Ctrl-C and Ctrl-Z end and stop its process.
      if (!ask(KDSKBMODE, mode === KD_GRAPHICS ? K_OFF : K_UNICODE))
        log.warn({}, "the terminal's keyboard could not be switched off: what is typed reaches the terminal");
    };
    set(KD_GRAPHICS);
    return set;
  } catch (error) {
    log.info({ error: errorText(error) }, "graphics mode could not be set: the cursor is hidden by escape sequence");
    return undefined;
  }
}
