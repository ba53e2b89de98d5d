// The numbers of the wire, SPEC.md, 6. They stand alone, with no import and as no object's, so that bundlers put each in the
// place of its name.

// The types of frames,
export const PADDING = 0;
export const PING = 1;
export const HELLO = 2;
export const SKIP = 3;
export const WINDOW = 4;
export const BLOCKED = 5;
export const STORED = 6;
export const REPAIR = 7;
export const PATH_CHALLENGE = 8;
export const PATH_RESPONSE = 9;
export const PATH_STATUS = 10;
export const HOLD = 11;
export const CLOSE = 12;
export const CLOSE_ACK = 13;
export const DRAINING = 14;
export const REBUILT = 15;

// and the first one of each kind whose low bits are flags or a count.
export const ACK = 0x20;
export const FRAGMENT = 0x40;
export const RUN = 0x60;
export const SHORT_RUN = 0x80; // a run in its short form

// The flags of ACK, 6.1.
export const CLOCK = 1;
export const ECN = 2;
export const WIDE_LARGEST = 4;
export const RANGES = 8;
export const PATH = 16;

// Those of RUN and FRAGMENT, 6.2 and 6.3.
export const WIDE_RUN = 1;
export const NO_IDS = 2;
export const FIRST = 1;
export const WIDE_ID = 2;
export const OPTIONS = 4;
export const TO_END = 8;
export const STORED_WANTED = 16;

// What a frame may say of its messages, 6.6.
export const KEYED = 1;
export const GROUP = 2;
export const DROPPABLE = 4;

// What an end says that it reads, and the kinds of items behind, 6.4.
export const READS_PATHS = 1;
export const READS_HOLD = 2;
export const READS_REPAIR = 4;
export const READS_OPTIONS = 8;
export const READS_EPOCHS = 16;
export const LIMITS = 1;
export const CHANNEL_LIMITS = 2;
export const SCHEMAS = 3;

// The version of the wire that this package speaks; bytes of a HELLO body, and windows and schemas that it lists.
export const version = 1;
export const maxHello = 256;
export const maxWindows = 24;
export const maxSchemas = 8;

// The units of hold and clock in microseconds, how many ranges an ACK holds, and how far below the largest they may be.
export const holdUnit = 128;
export const clockUnit = 64;
export const maxAckRanges = 32;
export const maxDistance = 2 ** 40 - 1;

// How far below an id its group may be said to begin, and the largest index of a droppable.
export const maxBack = 1 << 14;
export const maxIndex = 0xffffffff;

// How many messages a run has at most: one whose count was left open, in its two forms, and one that is read.
export const maxShortRun = 63;
export const maxLongRun = 127;
export const maxRun = 4096;

// The largest total of a message.
export const maxTotal = 2 ** 30;

// How many ids SKIP and STORED may name, and how many rows CLOSE has; bytes of a text, of a row, and of a symbol.
export const maxNamed = 4096;
export const maxText = 200;
export const rowBytes = 12;
export const maxSymbol = 512;
export const maxSilence = 65_535_000; // milliseconds that any HELLO can have granted

// How large a message of channel 0 is, and what it may list.
export const maxControl = 16384;
export const tokenBytes = 2048;
export const maxTokens = 7; // of a list on channel 0
export const maxAddresses = 32;
export const leastTicket = 41; // bytes behind its lifetime
