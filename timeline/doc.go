// Package timeline puts two ends on one time: what the peer's clock shows, which tick the server
// is in, and when to show what came from it.
//
//	exchange of clocks ─▶ Clock ─▶ the peer's time now ─┬▶ Ticks   the tick to simulate, ahead of the server
//	                                                    └▶ Buffer  the values to draw, behind it
//
// A [Clock] takes the four times of each exchange (Conn.ClockSamples of package tickwire has them;
// they ride on acknowledgements and cost no packet) and estimates the offset between the clocks and
// its drift. A [Ticks] follows that estimate like a film that runs a little faster or slower,
// instead of jumping. A [Buffer] holds snapshots back as long as the network's jitter asks for, and
// hands out the two between which the moment lies that is to be drawn.
//
// Nothing in here reads a clock, starts a goroutine or knows the network. Times are
// [time.Duration] since whatever zero their clock has; now is of the own clock and must not run
// backwards. No type may be used by two goroutines at a time.
package timeline
