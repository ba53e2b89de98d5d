// Numbers that several files know. They stand alone, with no import, so that bundlers put each in the place of its name.

export const second = 1_000_000;
export const never = Infinity;

/** What a message costs beside its length, in credit and in queues. */
export const messageCharge = 32;

/** What a packet is counted as where windows are counted in packets: the first size of datagrams. */
export const packetBytes = 1200;

/** What is around the frames of a packet, headers of IP and UDP included. */
export const packetOverhead = 51;

/** How many ids of a channel may be open, SPEC.md, 7.11. */
export const maxOpen = 1 << 14;

// Where a message is on its way out.
export const QUEUED = 0;
export const FLYING = 1;
export const SKIPPING = 2;
export const DONE = 3;

// The states of DRAINING.
export const DRAINING_ON = 1;
export const DRAINED = 2;

/** What a path has without a way. */
export const noRoute = -1;

/** The state of PATH_STATUS of a path that is given up. */
export const abandon = 2;
