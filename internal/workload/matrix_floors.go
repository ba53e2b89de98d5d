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
		{RTT: 10 * ms, Floor: Floor{6, 6, 14, 11, 93, 72, 20, 86, 288}},
		{RTT: 30 * ms, Floor: Floor{6, 6, 15, 11, 93, 71, 34, 441, 488}},
		{RTT: 60 * ms, Floor: Floor{6, 6, 15, 11, 93, 69, 27, 406, 789}},
		{RTT: 100 * ms, Floor: Floor{6, 6, 20, 11, 93, 65, 22, 650, 1310}},
		{RTT: 200 * ms, Floor: Floor{6, 6, 21, 13, 93, 62, 21, 829, 2694}},
		{RTT: 400 * ms, Floor: Floor{6, 6, 259, 14, 93, 60, 45, 2060, 6308}},
		{RTT: 600 * ms, Floor: Floor{6, 6, 509, 14, 93, 36, 61, 3329, 8392}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{6, 6, 14, 11, 93, 72, 25, 86, 288}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{6, 6, 20, 11, 93, 72, 24, 276, 1282}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{6, 6, 134, 13, 93, 53, 70, 533, 4541}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{6, 6, 509, 14, 93, 35, 70, 2899, 8701}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{6, 6, 14, 11, 93, 72, 14, 86, 288}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{6, 6, 20, 11, 93, 65, 14, 650, 1310}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{6, 6, 509, 14, 93, 53, 15, 3801, 4455}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{6, 27, 32, 12, 93, 70, 61, 651, 1362}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{27, 27, 39, 13, 92, 58, 68, 731, 1483}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{27, 27, 35, 13, 92, 69, 59, 196, 1000}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{27, 68, 134, 15, 92, 21, 70, 1921, 4362}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{47, 152, 47, 17, 91, 57, 69, 767, 1283}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{6, 6, 509, 18, 93, 26, 67, 2328, 1190}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{6, 6, 19, 13, 93, 69, 28, 2041, 1302}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{46, 69, 186, 95, 72, 59, 60, none, 890}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{8, 29, 138, 60, 87, 63, 26, none, 983}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{6, 6, 9, 8, 93, 63, 14, 122, 701}},
	}
}
