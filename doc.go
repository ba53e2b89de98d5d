// Package tickwire is realtime networking for game servers and their players:
// messages with the guarantee each one needs, behind one API for every
// transport.
package tickwire
