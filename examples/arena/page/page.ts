/** The element of index.html with an id. */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const e = document.getElementById(id);
  if (!e) throw new Error(`index.html has no #${id}`);
  return e as T;
}

/** A new element, with what is in it. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(name);
  e.append(...content);
  return e;
}

/** A phone, or a narrow window: style.css has the same words. */
export const small = matchMedia("(max-width: 900px), (pointer: coarse)");
