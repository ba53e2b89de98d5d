// Package picture shows what a delivery, or an option of a message, does when
// packets get lost. A [Scene] is a short script: which messages a game sends
// when, over which channels and which link. Playing it gives a [Timeline]:
// everything that happened between two endpoints in virtual time, over links
// that lose and reorder by a seed. Drawing that gives an SVG.
//
// A [Plot] is lines over time, of what was measured.
//
// So no picture is drawn by hand: what it shows is what the library did.
package picture
