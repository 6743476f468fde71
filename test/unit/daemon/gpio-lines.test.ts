/**
 * Goal: an output whose line the panel has is never touched, and the machine says whose it is. Method: the composition's guard on a register
 * in which the line is taken, on a virtual clock; no process is started.
 */
import { expect, it } from "vitest";
import { gpioDelivery } from "../../../src/config/gpio.ts";
import { boardClaims } from "../../../src/config/pins.ts";
import { guardedActuators } from "../../../src/daemon/gpio.ts";
import { createLineRegister } from "../../../src/machine/gpio/line-register.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

it("neither the guard nor the way around it takes a line that the panel has", async () => {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const register = createLineRegister(boardClaims);
  register.deviceOwner().claim([{ pin: 17, holder: "RST of the panel waveshare-2.13-v4" }]);
  const delivery = gpioDelivery.parse({
    driver: "gpio",
    back_end: "simulated",
    simulated_folder: "/nowhere",
    lines: [
      { line: "A1", relay: 17 },
      { line: "A2", relay: 27 },
    ],
  });
  const actuators = guardedActuators(delivery, { clock, entropy: createSeededEntropy(1), log, register });
  await actuators.start();
  expect(actuators.trouble()).toContain("BCM 17 is RST of the panel waveshare-2.13-v4");
  await expect(actuators.off("A1")).rejects.toThrow(/nobody can say/);
  await clock.advance(60_000);
  expect(actuators.trouble()).toContain("BCM 17");
  expect(register.held().map(({ pin }) => pin)).toEqual([17]);
  const stopping = actuators.stop();
  await clock.advance(20_000);
  await stopping;
  expect(clock.timers()).toEqual([]);
});
