/** Names that the contract and the device of its process tests share; free of the test runner. */
import { merchantQrId } from "../../../src/sale/ids.ts";

export const msn = "123456";
export const machine = merchantQrId("vend-1");
export const commandKey = Buffer.from("a key of at least thirty-two bytes", "utf8");
export const root = `kvitt/v1/${msn}/${machine}`;
