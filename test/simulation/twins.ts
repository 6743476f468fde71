/** The panel's and the link's twins of the simulation: they remember what was shown and said. */
import type { Link, LinkListener, LinkMessage, StateMessage } from "../../src/link/port.ts";
import type { Panel, PanelFacts, Scene, ShowOutcome } from "../../src/panel/port.ts";

export const plainFacts: PanelFacts = {
  id: "twin",
  widthPx: 400,
  heightPx: 300,
  liveCountdown: false,
  providerQrSizePx: 300,
  hasGlass: true,
};

export class PanelTwin implements Panel {
  readonly facts: PanelFacts = plainFacts;
  readonly #onShow: (scene: Scene) => void;

  constructor(onShow: (scene: Scene) => void) {
    this.#onShow = onShow;
  }

  async start(): Promise<void> {
    await this.show({ kind: "starting" });
  }

  async show(scene: Scene): Promise<ShowOutcome> {
    this.#onShow(scene);
    return { kind: "shown" };
  }

  fit(): {
    readonly fits: true;
    readonly moduleSizePx: number;
    readonly moduleSizeMm: number;
    readonly scanDistanceMm: number;
  } {
    return { fits: true, moduleSizePx: 5, moduleSizeMm: 1, scanDistanceMm: 400 };
  }

  pictureFault(): undefined {}

  isPresent(): boolean {
    return true;
  }

  absence(): string | undefined {
    return undefined;
  }

  rehearse(_scene: Scene): void {}

  async screenshot(): Promise<Uint8Array> {
    return new Uint8Array();
  }

  async stop(): Promise<void> {}
}

/** The text of the code on a scene, as a camera reads it. */
export function codeOf(scene: Scene): string | undefined {
  const qr = scene.kind === "pay" ? scene.qr : scene.kind === "idle" ? scene.code?.qr : undefined;
  return qr?.kind === "content" ? qr.text : undefined;
}

export class LinkTwin implements Link {
  #listener: LinkListener | undefined;
  #isConnected = false;
  state: Omit<StateMessage, "session"> | undefined;
  readonly sales: Map<string, Readonly<Record<string, unknown>>>;

  constructor(sales: Map<string, Readonly<Record<string, unknown>>>) {
    this.sales = sales;
  }

  async start(listener: LinkListener): Promise<void> {
    this.#listener = listener;
  }

  setConnected(connected: boolean): void {
    if (connected === this.#isConnected || this.#listener === undefined) return;
    this.#isConnected = connected;
    this.#listener.connection(connected);
    this.#listener.relay({ alive: connected, registered: connected });
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  tries(): number {
    return 1;
  }

  /** False when it was not acknowledged: the broker sends it again. */
  async deliver(message: LinkMessage): Promise<boolean> {
    if (!this.#isConnected || this.#listener === undefined) return false;
    try {
      await this.#listener.message(message);
      return true;
    } catch {
      return false;
    }
  }

  publishState(state: Omit<StateMessage, "session">): void {
    this.state = state;
  }

  publishSale(id: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    if (!this.#isConnected) return Promise.reject(new Error("not connected"));
    this.sales.set(id, body);
    return Promise.resolve();
  }

  publishHealth(): void {}

  reply(): void {}

  fits(): boolean {
    return true;
  }

  async publishReply(): Promise<void> {}

  async stop(): Promise<void> {}
}
