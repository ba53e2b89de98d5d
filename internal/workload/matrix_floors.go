package workload

import "time"

// Matrix are the spots that are judged at each change: round trips from 10 to 600 ms, queues from
// 30 to 1000 datagrams, losses alone and in bursts, lost acknowledgements, jitter, slow and fast
// links. TestMatrixLong prints what there is now, in this form: of Stream p95 and p99, of Mixed p99,
// the queue's p95 and the part of the ceiling, how even Share is, our part beside Rival, and after
// which times the queue is short and the rate found again in Step.
func Matrix() []Spot {
	const ms = time.Millisecond
	return []Spot{
		{RTT: 10 * ms, Floor: Floor{3, 3, 113, 108, 93, 77, 42, none, 143}},
		{RTT: 30 * ms, Floor: Floor{3, 3, 111, 108, 93, 75, 37, none, 214}},
		{RTT: 60 * ms, Floor: Floor{3, 3, 111, 108, 93, 53, 52, none, 258}},
		{RTT: 100 * ms, Floor: Floor{3, 3, 111, 107, 93, 38, 52, none, 459}},
		{RTT: 200 * ms, Floor: Floor{3, 3, 216, 107, 93, 25, 54, none, none}},
		{RTT: 400 * ms, Floor: Floor{3, 3, 546, 5, 77, 84, 36, none, none}},
		{RTT: 600 * ms, Floor: Floor{3, 3, 641, 4, 64, 47, 47, none, none}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{3, 3, 36, 34, 93, 86, 26, none, 207}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{3, 3, 49, 32, 92, 60, 44, none, 6006}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{3, 3, 335, 5, 75, 83, 41, none, none}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{3, 3, 429, 4, 62, 32, 54, 4686, none}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{3, 3, 2063, 1081, 96, 3, 76, none, 409}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{3, 3, 2193, 1081, 93, 3, 76, none, 246}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{3, 3, 2681, 1067, 92, 4, 90, none, 2447}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{58, 131, 163, 5, 13, 88, 43, 82, none}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{131, 205, 202, 5, 5, 88, 45, 2, none}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{54, 72, 69, 5, 17, 90, 43, 2, none}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{425, 691, 553, 5, 4, 90, 62, 2, none}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{131, 241, 193, 5, 8, 85, 63, 70, none}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{315, 645, 807, 4, 21, 47, 38, none, none}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{3, 3, 111, 106, 93, 34, 56, none, 463}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{58, 118, 150, 11, 13, 83, 44, 400, none}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{61, 134, 516, 140, 89, 91, 48, none, 658}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{3, 3, 24, 23, 93, 90, 34, none, 2746}},
	}
}
