package copies

import (
	"bytes"
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// customers is the name under which the records for the directory are kept.
const customers = "Customer"

// set is one entity of a copy: how it is read, how it is served, and where it
// stands.
type set struct {
	id     int64 // of the store
	entity string
	layout string
	feed   feed
	reader any // datasources.Reader[T], nil for customers
	// worsened are the fields that rows have lost since the copy has them, by key; nil
	// for customers, of which nobody says what cannot be read.
	worsened func(ctx context.Context, rows []Row) (map[string][]string, error)

	sweep   feed     // a reading by keys and versions, nil = the source cannot
	changes *changes // what changed since a cursor, nil = the source cannot tell
	asked   asked    // rows of customers, nil = the source cannot be asked so
	ahead   bool     // feed reads a page before the one before it was taken

	// garbled counts what the rows of the reading under way cannot show, also while it
	// is gone on with; it is the reading's alone.
	garbled garbling

	// sifting is held while rows are compared with the copy and saved: a refresh and a
	// reading must not undo what the other has compared with.
	sifting sync.Mutex

	mu       sync.Mutex // guards the rest
	state    Set        // as this process last saw it
	begun    int        // writes of this process, begun and ended: see save
	ended    int
	failures [2]*schema.Error // why the last reading and the last following failed, nil = they did not
	unusable int              // rows of the last reading that had no key of their own, or another source's name
	before   int64            // rows there were when all that was missing had been decided on, -1 = not known
	settled  int64            // rows there were when this process last ended a reading that missed none, -1 = not known
	refused  int64            // deletions which the last following was told of, and which were too many at once
	rest     time.Time        // until when the source is not asked for a cursor: it had none
	took     time.Duration    // of the last following
	hastened [2]time.Time     // the consents to deletions and to garbled values for which a reading was put forward
}

// activity is what may fail.
type activity int

const (
	theReading activity = iota
	theFollowing
)

// feed reads an entity from a mark to its end and hands over pages; an error of
// take ends it and is returned as it is. unusable counts rows that cannot be
// kept.
type feed func(ctx context.Context, from string, take func(p *Page, unusable int) error) error

func (s *set) snapshot() Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *set) note(state Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

// save writes to the store and notes what the set is then. Who looks up meanwhile
// what other instances wrote does not put an older state in its place.
func (s *set) save(write func() (Set, error)) (Set, error) {
	s.mu.Lock()
	s.begun++
	s.mu.Unlock()
	state, err := write()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended++; err == nil {
		s.state = state
	}
	return state, err
}

// began takes down how many rows there were before a reading adds any. One that
// begins anew after it was given up has added some already, and so has one that
// confirms what the last did not meet, and so have followings since the last one.
func (s *set) began(last Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.garbled = garbling{}
	if s.unusable = 0; !last.Running && last.Missing == 0 {
		s.before = last.Rows
		if s.settled >= 0 {
			s.before = min(s.before, s.settled)
		}
	}
}

// completed takes down a reading that came to its end.
func (s *set) completed(now Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = 0 // it has decided on those as well
	if !now.Doubtful && now.Missing == 0 && now.Refused == 0 {
		s.settled = now.Rows
	}
}

// rowsBefore is what deletions are measured by: rows that a source makes up while
// others vanish do not make up for those. Where another process began the reading
// it is all rows.
func (s *set) rowsBefore(now Set) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before < 0 {
		return now.Rows
	}
	return min(s.before, now.Rows)
}

// fail remembers why a reading or following ended, nil when it was complete, and
// reports whether that is news.
func (s *set) fail(a activity, err *schema.Error) (isNews bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.failures[a]
	isNews = (last == nil) != (err == nil) || err != nil && (last.Code != err.Code || last.Message != err.Message)
	s.failures[a] = err
	return isNews
}

// failure is why the last reading, else the last following, ended, nil when both
// were complete.
func (s *set) failure() *schema.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures[theReading] != nil {
		return s.failures[theReading]
	}
	return s.failures[theFollowing]
}

// troubles are why the last reading and the last following failed, and how many
// deletions the latter was told of and refused.
func (s *set) troubles() (reading, following *schema.Error, refused int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures[theReading], s.failures[theFollowing], s.refused
}

// isDoubtful reports whether the last reading may have ended too early.
func (s *Set) isDoubtful() bool { return s.Complete != s.Sound }

// grants are the consents to deletions and to garbled values, zero = there is none.
func (s *Set) grants() [2]time.Time { return [2]time.Time{s.Accept, s.AcceptGarbled} }

// hasGrant reports whether there is consent for which no reading was put forward yet.
func (s *set) hasGrant(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, until := range s.state.grants() {
		if until.After(now) && !until.Equal(s.hastened[i]) {
			return true
		}
	}
	return false
}

// takeGrant reports the same, once.
func (s *set) takeGrant(now time.Time) bool {
	if !s.hasGrant(now) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hastened = s.state.grants()
	return true
}

// isWanting reports whether rows are known to be other than the source's: deletions or
// a whole column were refused, or rows are held.
func (s *Set) isWanting() bool { return s.Refused > 0 || s.Held > 0 || s.Garbled != "" }

// Whole is when the rows were so: when the last reading had begun, or the last
// following, which has seen all later changes but deletions and back-dated ones. It
// stays so when the source is not followed any more. Once deletions were refused,
// rows are shown of which the source says that they are gone, and rows that are held, or
// all that a refused reading would have brought, are older than what it has: however well
// changes are followed, the copy is as of what was last taken whole.
func (s *Set) Whole() time.Time {
	if s.Complete > 0 && !s.isWanting() && s.Followed.After(s.AsOf) {
		return s.Followed
	}
	return s.AsOf
}

// opener makes the set of one entity.
type opener func(c *Copy, e *datasources.Entity, inner any) (*set, error)

// openers are the entities that can be kept. Articles are not: they are details
// of tickets which no source lists whole.
func openers() map[string]opener {
	return map[string]opener{
		"Contact":       openEntity[schema.Contact],
		"Ticket":        openEntity[schema.Ticket],
		"Quote":         openEntity[schema.Quote],
		"Order":         openEntity[schema.Order],
		"Invoice":       openEntity[schema.Invoice],
		"Payment":       openEntity[schema.Payment],
		"Payable":       openEntity[schema.Payable],
		"Boleto":        openEntity[schema.Boleto],
		"Product":       openProduct,
		"DeliveryNote":  openEntity[schema.DeliveryNote],
		"PurchaseOrder": openEntity[schema.PurchaseOrder],
	}
}

// openEntity makes a set of rows that answer to columns; nil when the source has
// no reader of the type.
func openEntity[T any, P datasources.EntityOf[T]](c *Copy, e *datasources.Entity, inner any) (*set, error) {
	r, ok := inner.(datasources.Reader[T])
	if !ok {
		return nil, nil //nolint:nilnil // the caller leaves the entity to its source
	}
	rows, err := newCodec[T]()
	if err != nil {
		return nil, err
	}
	s := &set{entity: e.Name, layout: rows.name, before: -1, settled: -1}
	original := c.inner.Describe()
	p := &packer[T, P]{source: c.cfg.Name, codec: rows, columns: Columns(), heir: &heir[T, P]{c, inherits(&original, e)}}
	s.feed = feedOf(r, e, p)
	s.changes = changesOf(r, p)
	s.asked = askedOf(r, e, p)
	if keys, ok := inner.(datasources.KeyScanner); ok && p.heir.relation == "" {
		// Rows that are completed by others change without another version.
		s.sweep = (&sweeper[T, P]{c: c, s: s, keys: keys, r: r, p: p}).read
	}
	kept := &reader[T, P]{c: c, s: s, codec: rows, order: e.Default}
	s.reader, s.worsened = kept, kept.worsened
	return s, nil
}

func openProduct(c *Copy, e *datasources.Entity, inner any) (*set, error) {
	s, err := openEntity[schema.Product](c, e, inner)
	if s != nil {
		r := s.reader.(*reader[schema.Product, *schema.Product])
		r.finish = func(x *schema.Product, asOf time.Time) {
			for _, st := range x.Stock {
				if st.AsOf.IsZero() {
					st.AsOf = asOf
				}
			}
		}
	}
	return s, err
}

// packer makes the rows of a page ready for the store.
type packer[T any, P datasources.EntityOf[T]] struct {
	source  string
	codec   *codec[T]
	columns []Column
	heir    *heir[T, P]
}

// longestKey is how long a key, or the number of a link, may be: a store finds rows
// by them, and need not take longer ones.
const longestKey = 1000

// pack leaves out rows that have no key or say that they are another source's,
// and counts them. Of a row that comes twice the later one holds.
func (p *packer[T, P]) pack(items []T) (rows []Row, unusable int) {
	rows = make([]Row, 0, len(items))
	at := make(map[string]int, len(items))
	for i := range items {
		x := P(&items[i])
		source, key := x.Identity()
		if key == "" || len(key) > longestKey || source != p.source {
			unusable++
			continue
		}
		row := Row{Key: key, Data: p.codec.encode(nil, &items[i]), Values: make([]schema.Value, len(p.columns)), Faults: schema.FaultsWithin(x)}
		row.Hash = hash(row.Data)
		for j, c := range p.columns {
			row.Values[j] = x.Column(c.Name)
		}
		if l, ok := any(x).(interface{ LinkKeys() *schema.Links }); ok {
			row.Links = links(l.LinkKeys())
		}
		if j, again := at[key]; again {
			if !bytes.Equal(rows[j].Hash, row.Hash) {
				unusable++ // another record, and no key of its own
			}
			rows[j] = row
			continue
		}
		at[key] = len(rows)
		rows = append(rows, row)
	}
	return rows, unusable
}

// hashSize is enough that two rows of one key are never taken for the same.
const hashSize = 16

func hash(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:hashSize]
}

func links(l *schema.Links) []Link {
	var out []Link
	add := func(relation string, numbers []string) {
		for _, n := range numbers {
			link := Link{Relation: relation, Number: n}
			if n != "" && len(n) <= longestKey && !contains(out, link) {
				out = append(out, link)
			}
		}
	}
	add("orderNumber", l.OrderNumbers)
	add("quoteNumber", l.QuoteNumbers)
	add("invoiceNumber", l.InvoiceNumbers)
	return out
}

func contains(list []Link, l Link) bool {
	for _, x := range list {
		if x == l {
			return true
		}
	}
	return false
}
