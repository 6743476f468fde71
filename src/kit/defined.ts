/** An object without its undefined properties, for interfaces that tell a missing property from an undefined one. */

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** In memory a property that may be missing is `x: T | undefined`. This is for others' interfaces and for what is written as it stands. */
export function defined<T extends object>(properties: T): Defined<T>;
export function defined(properties: object): object {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}
