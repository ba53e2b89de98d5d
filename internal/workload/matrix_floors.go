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
		{RTT: 10 * ms, Floor: Floor{6, 6, 129, 126, 93, 63, 35, none, 236}},
		{RTT: 30 * ms, Floor: Floor{6, 6, 128, 125, 93, 55, 28, none, 245}},
		{RTT: 60 * ms, Floor: Floor{6, 6, 129, 126, 93, 33, 41, none, 286}},
		{RTT: 100 * ms, Floor: Floor{6, 6, 128, 122, 93, 46, 38, none, 518}},
		{RTT: 200 * ms, Floor: Floor{6, 6, 138, 86, 94, 49, 33, none, none}},
		{RTT: 400 * ms, Floor: Floor{6, 6, 643, 8, 87, 21, 46, none, none}},
		{RTT: 600 * ms, Floor: Floor{6, 6, 722, 111, 96, 6, 55, none, none}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{6, 6, 43, 41, 93, 70, 22, none, 237}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{6, 6, 42, 39, 92, 68, 23, none, 7796}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{6, 6, 196, 8, 77, 53, 32, 8270, none}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{6, 6, 488, 7, 77, 33, 45, 5824, none}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{6, 6, 1234, 1221, 97, 1, 58, none, 238}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{6, 6, 2314, 1220, 96, 1, 55, none, 632}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{6, 6, 2990, 1232, 93, 1, 70, none, 754}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{6, 27, 74, 8, 12, 68, 33, 154, none}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{27, 27, 173, 7, 5, 66, 35, 5, none}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{27, 27, 63, 8, 16, 69, 32, 5, none}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{27, 68, 412, 7, 3, 69, 47, 5, none}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{47, 172, 213, 8, 8, 70, 49, 141, none}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{6, 382, 721, 7, 20, 32, 27, 6889, none}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{6, 6, 128, 122, 93, 40, 39, none, 533}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{46, 69, 119, 15, 14, 63, 33, 790, none}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{8, 29, 362, 155, 86, 67, 37, none, 203}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{6, 6, 30, 29, 93, 57, 32, none, 2590}},
	}
}
