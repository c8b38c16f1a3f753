package policies

// Verdict is what a view says of a field.
type Verdict uint8

// The verdicts.
const (
	Deny  Verdict = iota
	Allow         // whole
	Mask          // every value masked
	Row           // depends on the row, see Grant
)

// String names the verdict as the commands print it.
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "allow"
	case Mask:
		return "mask"
	case Row:
		return "row"
	}
	return "deny"
}

// Action is what is done with a field.
type Action string

// The actions policies speak of. A mask is the action "mask:KIND", see MaskKind.
const (
	Read      Action = "read"
	Write     Action = "write"
	Export    Action = "export"
	Subscribe Action = "subscribe"
)

// MaskKind is how a masked value is shown.
type MaskKind string

// The masks: the last four signs of a text; an HMAC of a text, the same for the
// same account and field; the part of a text behind the @; the first moment of a
// moment's year; null for anything that may be null.
const (
	MaskLast4  MaskKind = "last4"
	MaskHash   MaskKind = "hash"
	MaskDomain MaskKind = "domain"
	MaskYear   MaskKind = "year"
	MaskNull   MaskKind = "null"
)

// FieldID is the number of a policed field within its Graph.
type FieldID int32

// Grant is what a view says of reading one field. Full and Masked are of Row only:
// the value is whole on rows where Full holds, else masked by Mask where Masked
// holds, else null with FORBIDDEN_FIELD. Rows that are not visible at all are not
// answered in the first place.
type Grant struct {
	Verdict      Verdict
	Mask         MaskKind
	Full, Masked *Rule
}

// View is what one set of policies makes of a graph for everybody of whom the same
// policies speak: a verdict for each field and a rule for the rows of each entity.
// It does not change and holds no claim, token or address. A nil View shows nothing.
type View struct {
	graph    *Graph
	version  string
	hash     string
	verdicts []Verdict
	grants   []Grant
	acts     [acts][]*Rule // what else may be done with a field
	rows     map[string]*Rule
}

// Verdict returns what may be read of a field. Fields of Mutation are read by
// being written, those of Subscription by being subscribed to.
func (v *View) Verdict(f FieldID) Verdict {
	if v == nil || int(f) < 0 || int(f) >= len(v.verdicts) {
		return Deny
	}
	return v.verdicts[f]
}

// Can returns whether an action may be done with a field: Deny, Allow or Row, then
// Where says on which rows. What may not be read at all can be neither exported nor
// subscribed to.
func (v *View) Can(a Action, f FieldID) Verdict {
	if a == Read {
		return v.Verdict(f)
	}
	switch r := v.Where(a, f); {
	case r.never():
		return Deny
	case r.always():
		return Allow
	}
	return Row
}

// Where returns on which rows an action other than reading may be done with a
// field. For reading, ask Grant.
func (v *View) Where(a Action, f FieldID) *Rule {
	i := actionIndex(string(a)) - 1
	if v == nil || i < 0 || i >= acts || int(f) < 0 || int(f) >= len(v.acts[i]) {
		return &Rule{Op: Never}
	}
	return v.acts[i][f]
}

// Grant returns what may be read of a field by its name. A part of a page, an edge
// or a value has no verdict of its own and is Allow; what does not exist is Deny.
func (v *View) Grant(typeName, field string) Grant {
	if v == nil {
		return Grant{}
	}
	if f, ok := v.graph.Field(typeName, field); ok {
		return v.grants[f]
	}
	if v.graph.isPart(typeName, field) {
		return Grant{Verdict: Allow}
	}
	return Grant{}
}

// Rows returns which rows of a type are visible; visible is false where none is. A
// type without a key has no rule of its own: its rows are inside their holders.
func (v *View) Rows(typeName string) (rule *Rule, visible bool) {
	if v == nil {
		return nil, false
	}
	if r, ok := v.rows[typeName]; ok {
		return r, !r.never()
	}
	return nil, false
}

// Leads reports whether the view shows anything for being reached from rows of a type:
// whether one of its rules speaks of the type in ViaColumn.
func (v *View) Leads(typeName string) bool {
	if v == nil {
		return false
	}
	for _, r := range v.rows {
		if r.leads(typeName) {
			return true
		}
	}
	for i := range v.grants {
		if v.grants[i].Full.leads(typeName) || v.grants[i].Masked.leads(typeName) {
			return true
		}
	}
	return false
}

// Masks reports whether the view shows any field by a mask, be it on some rows.
func (v *View) Masks(kind MaskKind) bool {
	if v == nil {
		return false
	}
	for i := range v.grants {
		if v.grants[i].Mask == kind {
			return true
		}
	}
	return false
}

// Hash is the view's identity: equal for views that say the same of the same
// graph, whatever policies, tokens and times they come from.
func (v *View) Hash() string {
	if v == nil {
		return ""
	}
	return v.hash
}

// Version is the version of the policies the view was made of.
func (v *View) Version() string {
	if v == nil {
		return ""
	}
	return v.version
}

// Graph returns the graph whose fields the view knows.
func (v *View) Graph() *Graph {
	if v == nil {
		return nil
	}
	return v.graph
}
