package web

// Subprotocol is what a WebSocket of a player has to ask for ([SPEC.md], section 12).
const Subprotocol = "tickwire.1"
