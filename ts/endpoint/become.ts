/**
 * Makes an object one of a class that extends its own, with the fields that this has besides. They come first: objects
 * of which the prototype is another one share a shape, as long as no field is added later (also none that the
 * object could have had before), and are as fast as others.
 */
export function become<T>(object: object, of: { prototype: T }, fields: object): T {
  return Object.setPrototypeOf(Object.assign(object, fields), of.prototype as object) as T;
}
