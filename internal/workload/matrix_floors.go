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
		{RTT: 10 * ms, Floor: Floor{6, 6, 129, 126, 93, 66, 31, none, 237}},
		{RTT: 30 * ms, Floor: Floor{6, 6, 128, 125, 93, 66, 28, none, 245}},
		{RTT: 60 * ms, Floor: Floor{6, 6, 194, 126, 93, 38, 38, none, 288}},
		{RTT: 100 * ms, Floor: Floor{6, 6, 233, 122, 93, 57, 38, none, 521}},
		{RTT: 200 * ms, Floor: Floor{6, 6, 385, 88, 93, 49, 33, none, none}},
		{RTT: 400 * ms, Floor: Floor{6, 6, 583, 58, 93, 28, 42, none, none}},
		{RTT: 600 * ms, Floor: Floor{6, 6, 911, 59, 78, 53, 32, none, none}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{6, 6, 43, 41, 93, 71, 21, none, 238}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{6, 6, 43, 39, 92, 63, 22, none, 7787}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{6, 6, 364, 8, 71, 44, 32, 7716, none}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{6, 6, 748, 8, 85, 28, 44, none, none}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{6, 6, 2289, 1220, 97, 1, 58, none, 239}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{6, 6, 3334, 1218, 96, 1, 55, none, 632}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{6, 6, 3041, 1232, 93, 1, 71, none, 1079}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{68, 152, 169, 8, 13, 68, 33, 5, none}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{152, 235, 226, 8, 5, 67, 34, 5, none}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{64, 85, 83, 8, 17, 69, 33, 5, none}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{485, 787, 572, 8, 4, 69, 47, 5, none}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{152, 277, 235, 8, 8, 63, 48, 82, none}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{360, 735, 954, 7, 22, 36, 29, 4593, none}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{6, 6, 206, 122, 93, 42, 38, none, 543}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{68, 136, 188, 15, 13, 65, 33, none, none}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{72, 155, 578, 162, 89, 70, 36, none, 412}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{6, 6, 30, 29, 93, 70, 37, none, 2471}},
	}
}
