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
		{RTT: 10 * ms, Floor: Floor{6, 6, 14, 11, 93, 72, 37, 454, 288}},
		{RTT: 30 * ms, Floor: Floor{6, 6, 15, 11, 93, 71, 34, 1445, 514}},
		{RTT: 60 * ms, Floor: Floor{6, 6, 16, 12, 93, 69, 27, 2301, 863}},
		{RTT: 100 * ms, Floor: Floor{6, 6, 24, 12, 93, 61, 20, 4025, 1380}},
		{RTT: 200 * ms, Floor: Floor{6, 6, 94, 15, 93, 37, 14, 829, 3149}},
		{RTT: 400 * ms, Floor: Floor{6, 6, 259, 17, 93, 27, 45, 2060, none}},
		{RTT: 600 * ms, Floor: Floor{6, 6, 509, 116, 91, 6, 56, none, 8412}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{6, 6, 14, 11, 93, 72, 19, 454, 288}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{6, 6, 29, 12, 93, 57, 18, 7524, 1368}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{6, 6, 155, 17, 93, 25, 70, 706, none}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{6, 6, 675, 41, 91, 30, 66, none, 735}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{6, 6, 14, 11, 93, 72, 3, 454, 288}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{6, 6, 24, 12, 93, 61, 1, 4025, 1380}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{6, 6, 509, 30, 92, 7, 15, 4335, 6875}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{6, 27, 34, 12, 93, 56, 61, 4576, 1386}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{27, 27, 49, 14, 92, 47, 68, 4623, 2159}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{27, 27, 35, 13, 92, 68, 59, 2143, 543}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{27, 68, 182, 17, 91, 21, 70, 1921, 5155}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{47, 152, 47, 19, 91, 55, 69, none, 1734}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{6, 6, 509, 55, 89, 13, 67, 2413, none}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{6, 6, 28, 15, 93, 64, 24, 5952, 1344}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{46, 69, 125, 55, 84, 48, 59, none, 1291}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{8, 29, 221, 110, 87, 60, 41, none, 486}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{6, 6, 9, 8, 93, 63, 4, 380, 740}},
	}
}
