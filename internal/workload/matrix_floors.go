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
		{RTT: 10 * ms, Floor: Floor{6, 6, 14, 11, 93, 72, 22, 86, 288}},
		{RTT: 30 * ms, Floor: Floor{6, 6, 14, 11, 93, 71, 20, 441, 488}},
		{RTT: 60 * ms, Floor: Floor{6, 6, 15, 11, 93, 69, 27, 406, 789}},
		{RTT: 100 * ms, Floor: Floor{6, 6, 19, 11, 93, 65, 22, 650, 1310}},
		{RTT: 200 * ms, Floor: Floor{6, 6, 20, 13, 93, 62, 13, 829, 2694}},
		{RTT: 400 * ms, Floor: Floor{6, 6, 20, 14, 93, 60, 45, 2060, 5417}},
		{RTT: 600 * ms, Floor: Floor{6, 6, 29, 14, 93, 36, 61, 3231, 8392}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{6, 6, 14, 11, 93, 72, 25, 86, 288}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{6, 6, 19, 11, 93, 72, 24, 1313, 1282}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{6, 6, 20, 13, 93, 61, 70, 933, 3749}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{6, 6, 29, 14, 93, 41, 70, 2899, 8701}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{6, 6, 14, 11, 93, 72, 14, 86, 288}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{6, 6, 19, 11, 93, 65, 14, 650, 1310}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{6, 6, 29, 14, 93, 53, 15, 3801, 4455}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{6, 27, 20, 12, 93, 70, 61, 651, 1362}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{27, 27, 20, 13, 93, 58, 68, 731, 1483}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{27, 27, 20, 13, 93, 69, 59, 196, 1000}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{27, 27, 21, 14, 92, 21, 70, 1921, 4286}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{47, 152, 42, 16, 91, 57, 69, 767, 1283}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{6, 27, 62, 17, 93, 33, 67, 2328, 1976}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{6, 6, 19, 13, 93, 69, 34, 2041, 1302}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{45, 68, 171, 94, 72, 59, 60, none, 890}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{8, 29, 138, 60, 88, 63, 26, none, 983}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{6, 6, 9, 8, 93, 63, 14, 122, 680}},
	}
}
