/** Lines of the GPIO header as the drivers see them: by name, active or not. Types only; the back ends are sysfs (onoff), the character device, and a twin. */

export interface OutputSpec {
  /** The operator's word for it: "slot 3", "barrier". In every message. */
  readonly name: string;
  readonly bcm: number;
  /** On at a low level. */
  readonly activeLow: boolean;
}

export interface InputSpec {
  readonly name: string;
  readonly bcm: number;
  readonly activeLow: boolean;
  /** Where the back end can set it (the character device); sysfs leaves it to config.txt (`gpio=5=ip,pu`). */
  readonly bias?: "pull-up" | "pull-down" | "none";
}

export interface OutputLine {
  readonly spec: OutputSpec;
  /** @throws GpioError when the line is gone. */
  set(on: boolean): void;
  /** What the line is now, as read back. */
  isOn(): boolean;
}

export interface InputLine {
  readonly spec: InputSpec;
  isActive(): boolean;
}

/** One edge, not debounced. */
export interface Edge {
  readonly active: boolean;
  /** Of the clock that the back end was given; the kernel's own time stamp, brought to it, where the back end has one. */
  readonly monoMs: number;
}

/** One way to the header. Opening an output puts it off in the same step, so that it never flickers. */
export interface GpioLines {
  readonly backEnd: "sysfs" | "cdev" | "simulated";
  openOutput(spec: OutputSpec): Promise<OutputLine>;
  /**
   * @param onEdge undefined for a line whose level is asked for and whose edges nobody wants
   * @param onFailure the line went away (hot removal); no edge comes any more
   */
  openInput(
    spec: InputSpec,
    onEdge: ((edge: Edge) => void) | undefined,
    onFailure: (error: Error) => void,
  ): Promise<InputLine>;
  /** Outputs off, everything freed. Idempotent. */
  close(): Promise<void>;
}
