import { DROPPABLE, type Key } from "../wire/first.js";

/** What a frame says of a message beside its bytes. */
export class Head {
  /** Of a droppable: the id that it precedes. */
  id = 0;
  options = 0;
  key: Key | undefined = undefined;
  /** The first id of its group. */
  first = 0;
  index = 0;
  /** Of Unreliable: it has an id, since it may come over several paths. */
  copied = false;
}

export function droppable(h: Readonly<Head>): boolean {
  return (h.options & DROPPABLE) > 0;
}
