package workload

import "time"

// Matrix are the spots that are judged at each change: round trips from 10 to 600 ms, queues from
// 30 to 1000 datagrams, losses alone and in bursts, lost acknowledgements, jitter, slow and fast
// links. TestMatrixLong prints what there is now, in this form.
func Matrix() []Spot {
	const ms = time.Millisecond
	return []Spot{
		{RTT: 10 * ms, Floor: Floor{3, 3, 113, 108, 95}},
		{RTT: 30 * ms, Floor: Floor{3, 3, 111, 108, 95}},
		{RTT: 60 * ms, Floor: Floor{3, 3, 111, 108, 95}},
		{RTT: 100 * ms, Floor: Floor{3, 3, 111, 107, 95}},
		{RTT: 200 * ms, Floor: Floor{3, 3, 216, 107, 95}},
		{RTT: 400 * ms, Floor: Floor{3, 3, 546, 5, 79}},
		{RTT: 600 * ms, Floor: Floor{3, 3, 641, 4, 65}},
		{RTT: 10 * ms, Queue: 30, Floor: Floor{3, 3, 36, 34, 95}},
		{RTT: 100 * ms, Queue: 30, Floor: Floor{3, 3, 49, 32, 94}},
		{RTT: 300 * ms, Queue: 30, Floor: Floor{3, 3, 335, 5, 77}},
		{RTT: 600 * ms, Queue: 30, Floor: Floor{3, 3, 429, 4, 63}},
		{RTT: 10 * ms, Queue: 1000, Floor: Floor{3, 3, 2063, 1081, 98}},
		{RTT: 100 * ms, Queue: 1000, Floor: Floor{3, 3, 2193, 1081, 95}},
		{RTT: 600 * ms, Queue: 1000, Floor: Floor{3, 3, 2681, 1067, 94}},
		{RTT: 100 * ms, Loss: 0.01, Floor: Floor{58, 131, 163, 5, 13}},
		{RTT: 100 * ms, Loss: 0.05, Floor: Floor{131, 205, 202, 5, 5}},
		{RTT: 30 * ms, Loss: 0.05, Floor: Floor{54, 72, 69, 5, 17}},
		{RTT: 300 * ms, Loss: 0.05, Queue: 1000, Floor: Floor{425, 691, 553, 5, 4}},
		{RTT: 100 * ms, Loss: 0.05, Burst: 3, Floor: Floor{131, 241, 193, 5, 9}},
		{RTT: 600 * ms, Loss: 0.01, Burst: 4, Floor: Floor{315, 645, 807, 4, 22}},
		{RTT: 100 * ms, AckLoss: 0.2, Floor: Floor{3, 3, 111, 106, 95}},
		{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.01, Floor: Floor{58, 118, 150, 11, 14}},
		{RTT: 100 * ms, Rate: 1_000_000, Queue: 30, Loss: 0.01, Floor: Floor{61, 134, 516, 140, 91}},
		{RTT: 40 * ms, Rate: 50_000_000, Floor: Floor{3, 3, 24, 23, 95}},
	}
}
