package web

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/policies/usage"
)

// AnswersConfig says how whole answers are kept, of queries that ask for it by
// @cacheControl and whose account agreed to it.
type AnswersConfig struct {
	Bytes    int64    // of all kept answers, estimated; 0 = none is kept
	Validity Validity // nil = none is kept
	Now      func() time.Time
}

// Validity knows what answers depend on beside the question and who asks it.
type Validity interface {
	// Mark stands for all changes that are known. It is taken before an operation runs.
	Mark() AnswerMark
	// Changed reports whether anything of these types is known to have changed since.
	Changed(since AnswerMark, types []string) bool
	// Whole reports whether a request, of whose context this is one, has read nothing
	// that was stale and missed nothing.
	Whole(ctx context.Context) bool
}

// AnswerMark is a moment in the changes of rows and of the directory.
type AnswerMark struct{ Rows, Directory uint64 }

// AnswerStats are counters since the start, but for Answers and Bytes, which are of
// now.
type AnswerStats struct {
	Hits, Misses uint64 // of questions that may be answered so
	Outdated     uint64 // of the misses: something had changed
	Kept         uint64
	Answers      int
	Bytes        int64 // estimated
}

// AnswerStats returns the counters of the kept answers.
func (s *Server) AnswerStats() AnswerStats {
	a := s.answers
	if a == nil {
		return AnswerStats{}
	}
	n, bytes := a.kept.size()
	return AnswerStats{
		Hits: a.hits.Load(), Misses: a.misses.Load(), Outdated: a.outdated.Load(), Kept: a.added.Load(), Answers: n, Bytes: bytes,
	}
}

// largestAnswer is the longest answer that is kept.
const largestAnswer = 1 << 20

// answers are the kept answers, the latest used last to go. An answer belongs to its
// key, which says everything of who asked that an answer may depend on.
type answers struct {
	cfg      AnswersConfig
	entities entities
	kept     *weighed[answerKey, *keptAnswer]

	hits, misses, outdated, added atomic.Uint64
}

// keptAnswer is an answer without errors. Nothing of it changes, but that it is
// compressed once.
type keptAnswer struct {
	key    answerKey
	body   []byte
	packed atomic.Pointer[[]byte] // nil until somebody wants it so
	at     time.Time
	life   time.Duration
	mark   AnswerMark
	types  []string // it depends on
	rows   int64
	use    usage.Operation // of whoever asked first
}

// newAnswers returns nil where none are kept.
func newAnswers(cfg *Config) *answers {
	c := cfg.Answers
	if c.Bytes <= 0 || c.Validity == nil || cfg.Full == nil {
		return nil
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &answers{cfg: c, entities: entitiesOf(cfg.Full), kept: newWeighed[answerKey, *keptAnswer](c.Bytes, 0)}
}

// get returns the answer of a key with its age, nil when there is none that is good.
func (a *answers) get(key answerKey) (*keptAnswer, time.Duration) {
	k := a.kept.get(key)
	if k == nil {
		a.misses.Add(1)
		return nil, 0
	}
	age := a.cfg.Now().Sub(k.at)
	switch {
	case age < 0 || age >= k.life:
	case a.cfg.Validity.Changed(k.mark, k.types):
		a.outdated.Add(1)
	default:
		a.hits.Add(1)
		return k, age
	}
	a.misses.Add(1)
	a.kept.forget(key, k)
	return nil, 0
}

// add keeps an answer in the place of an older one, unless it is too long, and reports
// whether it did.
func (a *answers) add(k *keptAnswer) bool {
	if len(k.body) > largestAnswer || !a.kept.add(k.key, k, k.estimate()) {
		return false
	}
	a.added.Add(1)
	return true
}

// What a kept answer takes beside its text: itself with its place, and the parts of
// its use.
const (
	answerOverhead = 700
	partOverhead   = 64
)

func (k *keptAnswer) estimate() int64 {
	parts := len(k.types) + len(k.use.Fields) + len(k.use.Sensitive) + 2*len(k.use.Roots) + len(k.use.Pages)
	for _, p := range k.use.Pages {
		parts += len(p.Path)/partOverhead + 1
	}
	return int64(cap(k.body) + answerOverhead + partOverhead*parts)
}
