/** Says why a test failed that passed at its second try: without this its first failure is shown by nobody. */
import type { Reporter, TestModule } from "vitest/node";

/** What the first tries of all such tests said, a paragraph each. */
export function secondTries(modules: readonly TestModule[]): readonly string[] {
  return modules.flatMap(({ children, relativeModuleId }) =>
    [...children.allTests("passed")]
      .filter((test) => test.diagnostic()?.flaky === true)
      .map((test) => {
        const said = test
          .attempts()
          .flatMap(({ errors = [] }) => errors)
          .map(({ stack = "", message }) => (stack.includes(message) ? stack : `${message}\n${stack}`))
          .map((text) => text.replace(/\n +at .*(?:\/node_modules\/|<anonymous>).*/g, ""));
        return `${relativeModuleId} > ${test.fullName}\n${said.join("\n")}`;
      }),
  );
}

export function secondTriesReporter(print: (line: string) => void): Reporter {
  return {
    onTestRunEnd(modules) {
      const all = secondTries(modules);
      if (all.length === 0) return;
      print(`\n${all.length} passed at the second try only. Their first:\n\n${all.join("\n\n")}\n`);
    },
  };
}
