/** From a panel file's `controller: {name, parameters}` to a controller. */
import * as z from "zod";
import { CodedError } from "../../kit/coded-error.ts";
import type { Controller } from "./controller.ts";
import { createSsd168x, ssd168xParameters } from "./ssd168x.ts";
import { createSsd1677, ssd1677Parameters } from "./ssd1677.ts";
import { createUc8176, uc8176Parameters } from "./uc8176.ts";
import { createUc8179, uc8179Parameters } from "./uc8179.ts";

export const controllerSchema = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("ssd168x"), parameters: ssd168xParameters }),
  z.strictObject({ name: z.literal("ssd1677"), parameters: ssd1677Parameters }),
  z.strictObject({ name: z.literal("uc8179"), parameters: uc8179Parameters }),
  z.strictObject({ name: z.literal("uc8176"), parameters: uc8176Parameters }),
]);

export type ControllerDescription = z.infer<typeof controllerSchema>;

/** Code `controller-invalid`: the description matches no controller that we drive. */
export class ControllerError extends CodedError<"controller-invalid"> {}

/** `widthPx` and `heightPx` as the controller scans the glass: 122 × 250 for a 2.13". @throws ControllerError */
export function createController(description: unknown, widthPx: number, heightPx: number): Controller {
  const parsed = controllerSchema.safeParse(description);
  if (!parsed.success)
    throw new ControllerError(
      "controller-invalid",
      `the panel file's "controller" is not one that we drive: ${z.prettifyError(parsed.error)}`,
    );
  switch (parsed.data.name) {
    case "ssd168x":
      return createSsd168x(widthPx, heightPx, parsed.data.parameters);
    case "ssd1677":
      return createSsd1677(widthPx, heightPx, parsed.data.parameters);
    case "uc8179":
      return createUc8179(widthPx, heightPx, parsed.data.parameters);
    case "uc8176":
      return createUc8176(widthPx, heightPx, parsed.data.parameters);
  }
}
