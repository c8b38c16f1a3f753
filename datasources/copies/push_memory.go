package copies

import (
	"reflect"
	"sync/atomic"

	"github.com/trama-graph/trama/schema"
)

// DefaultPushMemory is how many bytes all pushes together may hold.
const DefaultPushMemory = 256 << 20

// PushMemory bounds what all pushes together hold while they are read and wait to be
// written. It is shared by the sources and safe for concurrent use.
type PushMemory struct {
	most int64
	held atomic.Int64
}

// NewPushMemory makes a bound in bytes, 0 is DefaultPushMemory.
func NewPushMemory(bytes int64) *PushMemory {
	if bytes <= 0 {
		bytes = DefaultPushMemory
	}
	return &PushMemory{most: bytes}
}

// Held returns how many bytes are held now.
func (m *PushMemory) Held() int64 { return m.held.Load() }

// take reports whether there was room. Nobody waits for it: two batches that each
// hold a half and wait for the other half would wait for ever.
func (m *PushMemory) take(n int64) bool {
	if m.held.Add(n) <= m.most {
		return true
	}
	m.held.Add(-n)
	return false
}

func (m *PushMemory) give(n int64) { m.held.Add(-n) }

// weight is about what a record holds: its data and its texts, its columns, and what
// is said of it.
func (p *pushed) weight() int64 {
	value := int64(reflect.TypeFor[schema.Value]().Size())
	return 512 + int64(len(p.id)) + 2*int64(len(p.row.Data)) + int64(len(p.row.Values))*value
}
