package world

import "math/bits"

// mix is the finaliser of splitmix64: a bijection on 64 bits whose output looks random.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return x
}

// unmix is the inverse of mix; it is what lets a GUID be led back to its key without a map.
func unmix(x uint64) uint64 {
	x ^= x>>31 ^ x>>62
	x *= 0x319642b2d24d8ec3
	x ^= x>>27 ^ x>>54
	x *= 0x96de1b173f119089
	x ^= x>>30 ^ x>>60
	return x
}

// topic keeps the streams of different questions about the same customer apart.
type topic uint64

const (
	topicCustomer topic = iota + 1
	topicContacts
	topicCounts
	topicOrder
	topicOrderLines
	topicOrderMoney
	topicQuote
	topicInvoice
	topicCRMInvoice
	topicTicket
	topicTicketText
	topicProduct
	topicStaff
	topicPlace
	topicDesk
	topicVersion
)

// rng is a splitmix64 stream; it lives on the stack.
type rng struct{ s uint64 }

// rng returns the stream of one question: the same arguments always give the same stream.
func (w *World) rng(t topic, a, b int) rng {
	return rng{mix(w.seed+uint64(t)*0x9e3779b97f4a7c15) ^ mix(uint64(a)<<32|uint64(uint32(b)))}
}

func (r *rng) next() uint64 {
	r.s += 0x9e3779b97f4a7c15
	return mix(r.s)
}

// n returns a number in [0, k).
func (r *rng) n(k int) int {
	if k <= 1 {
		return 0
	}
	hi, _ := bits.Mul64(r.next(), uint64(k))
	return int(hi)
}

// chance is true in percent of a hundred cases.
func (r *rng) chance(percent int) bool { return r.n(100) < percent }

func pick[T any](r *rng, list []T) T { return list[r.n(len(list))] }

// weighted returns an index with the probability of its weight.
func (r *rng) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	x := r.n(sum)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
